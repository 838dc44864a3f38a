# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows of one table against what a test expects; source it after lib.sh with TABLE set.
#
#   expect_rows NAME WANTED FILTER     what jq makes of all rows (its inputs), sorted as text, on one line
#   expect_counts NAME WANTED FILTER   "event role n, …" of the rows that pass
#
# Both wait up to ten seconds. $facts, a JSON object, is there for the filters as $facts.

fetch() { skep sql -o json "SELECT * FROM \"$TABLE\"" >"$E2E_DIR/rows"; }
facts='{}'
rows() { fetch && jq -nc --argjson facts "$facts" "$1" "$E2E_DIR/rows" | sort | tr '\n' ' ' | sed 's/ $//'; }
is() { [ "$1" = "$(rows "$2")" ]; }
expect_rows() {
	wait_until 10 is "$2" "$3"
	expect "$1" "$2" "$(rows "$3")"
}
counts() {
	fetch || return
	jq -nr --argjson facts "$facts" "[inputs | select($1) | \"\(.event) \(.role)\"] | group_by(.)
		| map(\"\(.[0]) \(length)\") | join(\", \")" "$E2E_DIR/rows"
}
has_counts() { [ "$1" = "$(counts "$2")" ]; }
expect_counts() {
	wait_until 10 has_counts "$2" "$3"
	expect "$1" "$2" "$(counts "$3")"
}
