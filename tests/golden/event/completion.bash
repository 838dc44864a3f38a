# bash completion for skep
_skep()
{
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local words='' action=-W
	# bash takes --name=value apart at the sign
	if [ "$current" = '=' ]; then
		current=''
	elif [ "$before" = '=' ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [ "$COMP_CWORD" -eq 1 ]; then
		before=''
	fi
	case "${COMP_WORDS[1]}:$before" in
	*:) words='status watch --help --version' ;;
	status:*) words=' --help' ;;
	watch:--output | watch:-o) words='compact wide table json csv' ;;
	watch:--last) words='' ;;
	watch:--column) words='' ;;
	watch:--write-to-a-file | watch:-w) compopt -o filenames; action=-f ;;
	watch:*) words='exec http --output --follow --last --column --write-to-a-file --help' ;;
	esac
	if [ "$action" = -f ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	fi
}
complete -F _skep skep
