// SPDX-License-Identifier: Apache-2.0
// The pages: their addresses (as in src/api/page.c), names and keys. What is large is loaded when it is opened.
import { signal } from "@preact/signals";
import { h } from "preact";
import type { ComponentType } from "preact";
import { Connections } from "./pages/connections";
import { Overview } from "./pages/overview";
import { ProcessesPage } from "./pages/processes";
import { Requests } from "./pages/requests";
import { Service } from "./pages/service";
import { Status } from "./pages/status";

export interface Page {
  path: string;
  name: string;
  icon: string;
  /** pressed after "g"; "" for those that no link of the navigation leads to */
  key: string;
  /** whether range and filter mean something here */
  isOfTime: boolean;
  component: ComponentType;
}

function later(load: () => Promise<ComponentType>): ComponentType {
  const loaded = signal<ComponentType | null>(null);
  let isAsked = false;
  return () => {
    if (!isAsked) load().then((component) => (loaded.value = component));
    isAsked = true;
    return loaded.value && h(loaded.value, {});
  };
}

export const pages: Page[] = [
  { path: "/", name: "Overview", icon: "overview", key: "o", isOfTime: true, component: Overview },
  {
    path: "/map",
    name: "Map",
    icon: "map",
    key: "m",
    isOfTime: true,
    component: later(() => import("./pages/map").then((module) => module.ServiceMap)),
  },
  { path: "/service", name: "Service", icon: "overview", key: "", isOfTime: true, component: Service },
  { path: "/requests", name: "Requests", icon: "requests", key: "r", isOfTime: true, component: Requests },
  { path: "/connections", name: "Connections", icon: "connections", key: "c", isOfTime: true, component: Connections },
  { path: "/processes", name: "Processes", icon: "processes", key: "p", isOfTime: true, component: ProcessesPage },
  {
    path: "/query",
    name: "Query",
    icon: "query",
    key: "q",
    isOfTime: false,
    component: later(() => import("./pages/query").then((module) => module.Query)),
  },
  { path: "/status", name: "Status", icon: "status", key: "s", isOfTime: false, component: Status },
];
