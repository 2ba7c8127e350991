#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# node.sh - a node, its pods and the world around it; sourced by the cases
#
# tests/e2e/run starts a case in network, mount and pid namespaces of its own, with
#   E2E_DIR       executables in bin/, networks in conf/; nothing else is read
#   E2E_SUBJECT   "ours", or "reference": the same case with the plugins that we replace
# A case ends with status 0 (passed), 77 (skipped) or anything else, then with the state
# of the node.
set -Eeu -o pipefail
trap 'broken "$BASH_COMMAND" $LINENO "${BASH_SOURCE[0]}"' ERR

export PATH=$E2E_DIR/bin:$PATH LC_ALL=C
export CNI_PATH=$E2E_DIR/bin NETCONFPATH=/run/net.d
reservations=/var/lib/cni/networks

# --- judging ------------------------------------------------------------------------------

say() { printf '%s\n' "--- $*"; }

# What the ERR trap calls: which command failed, and how the node looks.
broken() {
	trap - ERR
	set +e
	printf 'FAILED: %s (%s line %s)\n' "$1" "${3##*/}" "$2"
	node_show
	exit 1
}

fail() { broken "$1" "${BASH_LINENO[0]}" "${BASH_SOURCE[1]}"; }

skip() {
	printf '%s\n' "$1"
	exit 77
}

# same WHAT EXPECTED ACTUAL
same() {
	[ "$2" = "$3" ] && return
	diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") || true
	fail "$1: expected < and found >"
}

# refused COMMAND...: it must fail
refused() {
	if "$@"; then
		fail "succeeded, but should not: $*"
	fi
}

# --- the node -----------------------------------------------------------------------------

node_start() {
	local dir
	for dir in /run /var/lib; do
		mount -t tmpfs -o mode=0755 tmpfs $dir
	done
	mkdir -p "$NETCONFPATH" /run/netns
	ip link set lo up
}

# The directories that everybody uses, private here: /etc, and /opt/cni/bin with plugins.
places_make() {
	cp -a /etc /run/etc
	mount --rbind /run/etc /etc
	mount -t tmpfs -o mode=0755 tmpfs /opt
	mkdir -p /opt/cni/bin
	cp "$@" /opt/cni/bin
	rm -rf /etc/cni
	export NETCONFPATH=/etc/cni/net.d
}

# All that attachments may have changed and that must be as before when they are gone.
# Learned neighbours and counters are the kernel's own.
node_state() {
	ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
	ip route show table all | sed -e '/ table local /d; /^\(local\|broadcast\|fe80::\)/d' \
		-e 's/^/route /; s/ linkdown//; s/ dead//; s/ *$//'
	ip neigh show nud permanent | sed 's/^/neighbour /'
	# The reference leaves rules behind when it is told no namespace.
	[ "$E2E_SUBJECT" != ours ] || nft -s list ruleset | sed 's/^/nft /'
}

node_show() {
	local pod
	say "links, addresses and routes of the node"
	ip -br -d link show
	ip -br addr show
	ip route show table all
	ip neigh show
	say "packet filter"
	nft list ruleset 2>&1
	for pod in $(ip netns list | awk '{ print $1 }'); do
		say "$pod"
		ip -n "$pod" -br addr show
		ip -n "$pod" route show
		ip -n "$pod" -6 route show
	done
	say "files"
	find /var/lib/cni "$NETCONFPATH" -type f -print -exec cat {} ';' -exec echo ';' 2>/dev/null
}

# use FILE [FILTER]: this conflist becomes the node's network
use() {
	local filter=${2:-.}
	[ "$E2E_SUBJECT" = ours ] || filter="$filter | $to_reference"
	mkdir -p "$NETCONFPATH"
	jq "$filter" "$1" >"$NETCONFPATH/${1##*/}"
	network=$(jq -r .name "$1")
}

# jq filter that gives a network to the reference plugins
to_reference='(.plugins[] | select(.type == "cbr-bridge")) |= (.type = "bridge" |
	if .ipam then .ipam.type = "host-local" else . end) | del(.cniVersions)'

# --- pods ---------------------------------------------------------------------------------

# pods NAME...: network namespaces, so far without network
pods() {
	local pod
	for pod in "$@"; do
		ip netns add "$pod"
		ip -n "$pod" link set lo up
	done
}

# cni VERB POD: what a runtime does
cni() {
	cnitool "$1" "$network" "/run/netns/$2"
}

# at PLACE COMMAND...: in a pod, or on the node
at() {
	local place=$1
	shift
	if [ "$place" = node ]; then
		"$@"
	else
		nsenter --net="/run/netns/$place" "$@"
	fi
}

# address POD [inet|inet6]
address() {
	ip -n "$1" -j addr show dev eth0 | jq -r --arg family "${2:-inet}" \
		'[.[].addr_info[] | select(.scope == "global" and .family == $family)][0].local // empty'
}

# gateway POD [inet|inet6]
gateway() {
	local family=-4
	[ "${2:-inet}" = inet ] || family=-6
	ip -n "$1" "$family" -j route show default | jq -r '.[0].gateway // empty'
}

# reaches PLACE ADDRESS: a ping is answered, within five tries: an IPv6 address of the
# bridge may still be tentative
reaches() {
	local try
	for try in 1 2 3 4 5; do
		if at "$1" busybox ping -c 1 -W 1 "$2" >/dev/null 2>&1; then
			echo "$1 reaches $2"
			return
		fi
	done
	fail "$1 does not reach $2, tried $try times"
}

# connects PLACE ADDRESS PORT WORD: what listens there answers with this word
connects() {
	local try answer=
	for try in 1 2 3 4 5; do
		answer=$(at "$1" timeout 2 busybox nc "$2" "$3" </dev/null 2>/dev/null || true)
		if [ "$answer" = "$4" ]; then
			echo "$1 connects to $2 port $3"
			return
		fi
	done
	fail "$1 gets \"$answer\" from $2 port $3, tried $try times"
}

# serves POD PORT WORD: listens and answers everyone with this word
serves() {
	# shellcheck disable=SC2016 # for the inner shell
	at "$1" busybox sh -c 'while :; do echo "$1" | busybox nc -l -p "$0" >/dev/null; done' \
		"$2" "$3" &
	until at "$1" busybox netstat -ltn | grep -q ":$2 "; do
		busybox sleep 0.05
	done
}

# detached POD...: nothing of them is left, neither there nor on the node; an address that
# rests remembers who had it
detached() {
	unlinked "$@"
	unmentioned "$@"
}

# detached_by_reference POD...: the same, but our records of them, which it does not know, are
# left for our next call to find wrong
detached_by_reference() {
	unlinked "$@"
	unmentioned --exclude-dir=.attachments "$@"
}

unlinked() {
	local pod
	for pod in "$@"; do
		[ -e "/run/netns/$pod" ] || continue
		same "links in $pod" lo "$(ip -n "$pod" -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/')"
		same "routes in $pod" "" "$(ip -n "$pod" route show)"
	done
}

# unmentioned [--exclude-dir=DIR] POD...
unmentioned() {
	local pod left where=(--exclude-dir=.resting /var/lib/cni)
	case $1 in --*)
		where+=("$1")
		shift
		;;
	esac
	for pod in "$@"; do
		left=$(grep -rlE "$(container "$pod")" "${where[@]}" || true)
		same "files about $pod" "" "$left"
	done
}

# container POD: the ID that cnitool gives it
container() {
	printf '%s' "/run/netns/$1" | sha512sum | sed 's/^\(.\{20\}\).*/cnitool-\1/'
}

# no_pods: not one is attached to the node
no_pods() {
	same "host ends of pods" "" "$(ip -o link show type veth | grep -v ' up0@' || true)"
	same "reservations" "" "$(find "$reservations" -name '.?*' -prune -o \
		-type f \( -name '*.*.*.*' -o -name '*:*' \) -print 2>/dev/null || true)"
	same "attachments that cnitool remembers" "" "$(find /var/lib/cni/results -type f 2>/dev/null ||
		true)"
}

# --- the world ----------------------------------------------------------------------------

# world_start: a namespace "world" on one network with the node, which is 192.0.2.11 and
# 2001:db8::11 there. It is everyone else: a client, and the other nodes of a cluster. It
# knows no way to pods.
world_start() {
	local address
	ip netns add world
	ip link add up0 type veth peer name up0 netns world
	ip addr add 192.0.2.11/24 dev up0
	ip -6 addr add 2001:db8::11/64 dev up0 nodad
	ip link set up0 up
	for address in 192.0.2.2/24 192.0.2.12/24 192.0.2.13/24; do
		ip -n world addr add $address dev up0
	done
	ip -n world addr add 2001:db8::2/64 dev up0 nodad
	ip -n world link set lo up
	ip -n world link set up0 up
	ip route add default via 192.0.2.2
	ip -6 route add default via 2001:db8::2
}
