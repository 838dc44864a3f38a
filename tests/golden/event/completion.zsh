#compdef skep
# zsh completion for skep
_skep() {
	local -a commands
	commands=(
		'status:what is on, off and why'
		'watch:follow events live'
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	shift words
	(( CURRENT-- ))
	case $words[1] in
	status)
		_arguments '--help[tell what the command does]' ;;
	watch)
		_arguments '--help[tell what the command does]' \
			'(-o --output)'{-o,--output}'[what the lines look like\: compact, wide, table, json, csv (default\: compact)]:FORMAT:(compact wide table json csv)' \
			'(-f --follow)'{-f,--follow}'[don'\''t stop at the end\: wait for more \[until \\ or Ctrl-C\]]' \
			'--last[how many to show (default\: 10)]:N: ' \
			'*--column[show only this; may be given several times]:NAME|N: ' \
			'(-w --write-to-a-file)'{-w,--write-to-a-file}'[where to put them as well]:FILE:_files' \
			'*:operand:(exec http)' ;;
	esac
}
if [ "$funcstack[1]" = _skep ]; then
	_skep "$@"
else
	compdef _skep skep
fi
