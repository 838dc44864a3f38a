// SPDX-License-Identifier: Apache-2.0
// The page begins here.
import { render } from "preact";
import { startAddress } from "./address";
import { Shell } from "./parts/shell";
import { startClock } from "./range";
import "./style.css";

startAddress();
startClock();
render(<Shell />, document.getElementById("app")!);
