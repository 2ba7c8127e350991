# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Completion of hl-ipam's commands and options

_hl_ipam() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words

	case $before in
	--data-dir | --conf-dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	esac
	words='--data-dir --conf-dir --network --json --quiet --help'
	case $COMP_CWORD:${COMP_WORDS[1]} in
	1:*) words='list show release fsck --version --help' ;;
	*:release) words+=' --force --dry-run' ;;
	*:fsck) words+=' --repair --dry-run' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _hl_ipam hl-ipam
