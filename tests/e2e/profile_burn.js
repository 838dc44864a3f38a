// SPDX-License-Identifier: Apache-2.0
// Burns CPU in known places: node profile_burn.js SECONDS. Each function adds after its call, so that the call is no jump.
let sink = 0;

function spin(rounds) {
  let sum = 0;
  for (let i = 0; i < rounds; i++) sum = (sum + i * i) % 1000003;
  sink += sum;
}

function burnHalf() {
  spin(50000);
  sink++;
}

function burnThird() {
  spin(30000);
  sink++;
}

function burnFifth() {
  spin(20000);
  sink++;
}

function shares(end) {
  while (Date.now() < end) {
    burnHalf();
    burnThird();
    burnFifth();
  }
  sink++;
}

shares(Date.now() + 1000 * Number(process.argv[2]));
