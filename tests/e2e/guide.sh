#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# guide.sh - a page of docs/ whose commands are run as they stand; sourced after node.sh
#
# Blocks of commands that begin with ```sh are meant; what is indented is not run.

# guide_is PAGE
guide_is() {
	guide=$E2E_DIR/conf/$1
	followed=
}

# block HEADING NUMBER: the commands of that block below that heading
block() {
	awk -v want="$1" -v number="$2" '
		/^#/ && !on { sub(/^#+ */, ""); here = $0 == want; n = 0; next }
		/^```sh$/ && !on { on = 1; n++; next }
		/^```$/ { on = 0; next }
		on && here && n == number { print }' "$guide"
}

# follow HEADING [NUMBER]: run a block, the first by default, in this shell, as a reader would
follow() {
	local number=${2:-1}
	say "$1, block $number"
	block "$1" "$number" >/run/block
	[ -s /run/block ] || fail "the guide has no such commands"
	followed=$(printf '%s\n' "$followed" "$1 $number" | sort -u)
	# shellcheck source=/dev/null
	. /run/block >/run/said
	cat /run/said
}

# followed_all [PATTERN]: fails if a block was left out, other than below headings like this
followed_all() {
	local all
	say "nothing of the guide was left out"
	all=$(awk '/^#/ && !on { sub(/^#+ */, ""); heading = $0; n = 0 }
		/^```sh$/ { on = 1; print heading, ++n } /^```$/ { on = 0 }' "$guide" | sort)
	same "blocks" "$(printf '%s\n' "$all" | grep -v "${1:-^\$}")" \
		"$(printf '%s\n' "$followed" | sed '/^$/d')"
}
