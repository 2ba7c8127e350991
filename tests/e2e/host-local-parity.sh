#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# host-local-parity.sh - hl-ipam and the reference host-local: same answers, same files, and
# either goes on where the other stopped
#
#   CBR_BIN          directory with hl-ipam (default: bin/)
#   REFERENCE_BIN    directory with host-local (default: /usr/lib/cni)
#
# Needs jq and no privilege. Exit status: 0 all is the same, 1 something differs, 77 there is
# no reference plugin here.
set -eu

ours=${CBR_BIN:-bin}/hl-ipam
reference=${REFERENCE_BIN:-/usr/lib/cni}/host-local
if [ ! -x "$reference" ]; then
	echo "1..0 # SKIP there is no $reference"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$ours")" && ours=$PWD/hl-ipam && cd "$work"
number=0
failed=0

# check NAME COMMAND...: a line of TAP that says whether the command succeeded
check() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		failed=1
	fi
}

# config DIR VERSION IPAM [TOP]: stdin of a call; IPAM and TOP are keys without braces
config() {
	printf '{"cniVersion": "%s", "name": "net", "type": "x", "ipam": {"type": "host-local",
		"dataDir": "%s", %s}%s}' "$2" "$1" "$3" "${4:+, $4}"
}

# call PLUGIN COMMAND CONTAINER IFNAME CONFIG [ARGS]: what it prints, normalised; its status
call() {
	local out status=0
	out=$(env -i PATH="$PATH" CNI_COMMAND="$2" CNI_CONTAINERID="$3" CNI_NETNS=/nothing/here \
		CNI_IFNAME="$4" CNI_PATH=/nothing CNI_ARGS="${6-}" "$1" <<<"$5" 2>/dev/null) ||
		status=$?
	# Codes are ours, and older versions print empty dns.
	[ -z "$out" ] || jq -S 'if .msg then {msg} elif .dns == {} then del(.dns) else . end' <<<"$out"
	return $status
}

# files DIR: names and contents
files() {
	(cd "$1" 2>/dev/null && find . -type f ! -name lock | sort | while read -r file; do
		echo "$file $(od -An -c "$file" | tr -d '\n')"
	done)
}

# play PLUGIN DIR VERSION IPAM: a life of five attachments, all of it printed
play() {
	local plugin=$1 dir=$2 version=$3 ipam=$4 step
	for step in 'ADD a eth0' 'ADD b eth0' 'ADD a net1' 'ADD a eth0' 'DEL b eth0' 'DEL b eth0' \
		'ADD c eth0' 'ADD d eth0' 'DEL a eth0' 'ADD e eth0' 'ADD f eth0' 'CHECK a net1' \
		'CHECK b eth0' 'DEL none eth0'; do
		echo "== $step"
		# shellcheck disable=SC2086 # three words
		call "$plugin" $step "$(config "$dir" "$version" "$ipam")" || echo "status $?"
	done
	files "$dir"
}

# compare NAME VERSION IPAM: the same life with each plugin
compare() {
	local who
	for who in reference ours; do
		rm -rf data
		play "${!who}" "$work/data" "$2" "$3" >"$who.out"
	done
	check "$1, $2" diff -u reference.out ours.out
}

ranges='"ranges": [[{"subnet": "10.1.2.0/30"}, {"subnet": "10.1.3.0/29", "gateway": "10.1.3.3"}]'
for version in 0.2.0 0.3.1 0.4.0 1.0.0; do
	compare 'one subnet' $version '"subnet": "10.1.2.0/24"'
	compare 'a full subnet' $version '"subnet": "10.1.2.0/29", "rangeEnd": "10.1.2.4"'
	compare 'gateway at the end' $version '"subnet": "10.1.2.0/29", "gateway": "10.1.2.6"'
	compare 'two ranges' $version "$ranges]"
	compare 'two families' $version "$ranges, [{\"subnet\": \"fd00::/125\"}]],
		\"routes\": [{\"dst\": \"0.0.0.0/0\"}, {\"dst\": \"::/0\", \"gw\": \"fd00::9\"}]"
	compare 'all that a subnet has' $version \
		'"subnet": "10.1.2.0/30", "rangeStart": "10.1.2.0", "rangeEnd": "10.1.2.3"'
done

# complaint PLUGIN IPAM: what it says of a config
complaint() {
	call "$1" ADD a eth0 "$(config "$work/data" 1.0.0 "$2")" | jq -r .msg || true
}

# shellcheck disable=SC2317 # called by check
ends_with() { [[ $1 == *"$2" ]]; }

# refuses NAME IPAM: both say the same of a config; ours may name the key in front
refuses() {
	check "$1" ends_with "$(complaint "$ours" "$2")" "$(complaint "$reference" "$2")"
}

refuses 'no range' '"x": 1'
refuses 'an empty set' '"ranges": [[]]'
refuses 'no subnet' '"ranges": [[{}]]'
refuses 'a small subnet' '"subnet": "10.1.2.0/31"'
refuses 'host bits' '"subnet": "10.1.2.3/24"'
refuses 'no prefix' '"subnet": "10.1.2.0"'
refuses 'a v4-mapped subnet' '"subnet": "::ffff:10.1.2.0/120"'
refuses 'a start outside' '"subnet": "10.1.2.0/24", "rangeStart": "10.1.3.1"'
refuses 'an end outside' '"subnet": "10.1.2.0/24", "rangeEnd": "10.1.3.1"'
refuses 'an end before the start' '"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.9", "rangeEnd": "10.1.2.8"'
refuses 'mixed families' '"ranges": [[{"subnet": "10.1.2.0/24"}, {"subnet": "fd00::/64"}]]'
refuses 'overlap in a set' '"ranges": [[{"subnet": "10.1.2.0/24"}, {"subnet": "10.1.2.0/25"}]]'
refuses 'overlap of sets' '"ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "10.1.2.0/25"}]]'
refuses 'a missing resolv.conf' '"subnet": "10.1.2.0/24", "resolvConf": "/nothing/here"'

# Each in turn on one directory: the round robin goes on, and each finds what the other made.
rm -rf data
plain=$(config "$work/data" 1.0.0 '"subnet": "10.1.2.0/24"')
found=
for i in 2 3 4 5 6 7; do
	plugin=$ours
	[ $((i % 2)) = 0 ] || plugin=$reference
	found="$found $(call "$plugin" ADD "c$i" eth0 "$plain" | jq -r '.ips[0].address')"
done
expected=' 10.1.2.2/24 10.1.2.3/24 10.1.2.4/24 10.1.2.5/24 10.1.2.6/24 10.1.2.7/24'
check 'in turn on one directory' [ "$found" = "$expected" ]

crosswise=0
for i in 2 3 4 5 6 7; do
	plugin=$reference
	[ $((i % 2)) = 0 ] || plugin=$ours
	call "$plugin" CHECK "c$i" eth0 "$plain" || crosswise=1
	! call "$plugin" ADD "c$i" eth0 "$plain" >/dev/null || crosswise=1
	call "$plugin" DEL "c$i" eth0 "$plain" || crosswise=1
done
[ "$(ls data/net)" = "$(printf 'last_reserved_ip.0\nlock')" ] || crosswise=1
check 'each checks, refuses and takes back what the other gave' [ $crosswise = 0 ]

# Both at once, on one lock.
for i in $(seq 20); do
	call "$ours" ADD "o$i" eth0 "$plain" >/dev/null &
	call "$reference" ADD "r$i" eth0 "$plain" >/dev/null &
done
wait
set -- data/net/10.*
check 'forty at once' [ $# = 40 ]

echo "1..$number"
exit $failed
