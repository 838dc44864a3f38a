// SPDX-License-Identifier: Apache-2.0
// The pages: their addresses (as in src/api/page.c), names and keys. What is not needed at once is loaded when opened.
import type { ComponentType } from "preact";
import { Overview } from "./pages/overview";
import { Requests } from "./pages/requests";
import { Service } from "./pages/service";
import { Status } from "./pages/status";

export interface Page {
  path: string;
  name: string;
  icon: string;
  /** pressed after "g" */
  key: string;
  /** whether range and filter mean something here */
  isOfTime: boolean;
  component: ComponentType;
}

export const pages: Page[] = [
  { path: "/", name: "Overview", icon: "overview", key: "o", isOfTime: true, component: Overview },
  { path: "/service", name: "Service", icon: "overview", key: "", isOfTime: true, component: Service },
  { path: "/requests", name: "Requests", icon: "requests", key: "r", isOfTime: true, component: Requests },
  { path: "/status", name: "Status", icon: "status", key: "s", isOfTime: false, component: Status },
];
