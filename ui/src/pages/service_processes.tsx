// SPDX-License-Identifier: Apache-2.0
// The processes of a service that run now.
import { link } from "../address";
import { bytes, percent, time } from "../format";
import { inert } from "../text";
import { processes, useProcesses } from "../usage";

export function Processes({ service }: { service: string }) {
  useProcesses();
  const list = (processes.value ?? []).filter((process) => process.service === service);
  if (!list.length) return null;
  return (
    <section aria-labelledby="processes">
      <header>
        <h2 id="processes">Processes</h2>
        <span class="quiet">now</span>
      </header>
      <div class="scroll">
        <table class="compact">
          <thead>
            <tr>
              <th>Process</th>
              <th>Program</th>
              <th>Container</th>
              <th>Since</th>
              <th class="number">Threads</th>
              <th class="number">CPU</th>
              <th class="number">Memory</th>
            </tr>
          </thead>
          <tbody>
            {list.map((process) => (
              <tr key={process.pid}>
                <td class="name">
                  <a href={link("/processes", { filter: `pid=${process.pid}` })}>
                    {inert(process.comm, 40)} <span class="quiet">{process.pid}</span>
                  </a>
                </td>
                <td class="quiet cut">{inert(process.exe, 120)}</td>
                <td class="quiet">{inert(process.container, 60)}</td>
                <td class="quiet">{time(process.start_time_ns / 1e6)}</td>
                <td class="number">{process.threads}</td>
                <td class="number">{process.cpu === null ? "" : percent(process.cpu)}</td>
                <td class="number">{bytes(process.resident_bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
