// SPDX-License-Identifier: Apache-2.0
// A scrolled list of rows of one height of which only those in view are in the document.
import { useSignal } from "@preact/signals";
import type { VirtualItem } from "@tanstack/virtual-core";
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useEffect, useMemo } from "preact/hooks";

export const ROW_HEIGHT = 28;
const OVERSCAN = 12;

export interface Window {
  items: VirtualItem[];
  height: number;
  isAtTop: boolean;
}

export function useWindow(root: RefObject<HTMLDivElement | null>, count: number): Window {
  const version = useSignal(0);
  const isAtTop = useSignal(true);
  const virtual = useMemo(
    () =>
      new Virtualizer<HTMLDivElement, Element>({
        count: 0,
        getScrollElement: () => root.current,
        estimateSize: () => ROW_HEIGHT,
        overscan: OVERSCAN,
        scrollToFn: elementScroll,
        observeElementRect,
        observeElementOffset,
        onChange: () => {
          isAtTop.value = (root.current?.scrollTop ?? 0) < ROW_HEIGHT;
          version.value++;
        },
      }),
    [],
  );
  virtual.setOptions({ ...virtual.options, count });
  useEffect(() => virtual._didMount(), []);
  useEffect(() => virtual._willUpdate());
  version.value;
  return { items: virtual.getVirtualItems(), height: virtual.getTotalSize(), isAtTop: isAtTop.value };
}

export const NARROW = matchMedia("(max-width: 900px)");

/** Whether the window is narrow, as style.css means it. */
export function useNarrow(): boolean {
  const isNarrow = useSignal(NARROW.matches);
  useEffect(() => {
    const look = () => (isNarrow.value = NARROW.matches);
    NARROW.addEventListener("change", look);
    return () => NARROW.removeEventListener("change", look);
  }, []);
  return isNarrow.value;
}
