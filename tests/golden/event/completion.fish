# fish completion for skep
complete -c skep -f
complete -c skep -n __fish_use_subcommand -a status -d 'what is on, off and why'
complete -c skep -n __fish_use_subcommand -a watch -d 'follow events live'
complete -c skep -n '__fish_seen_subcommand_from watch' -l output -s o -x -a 'compact wide table json csv' -d 'what the lines look like'
complete -c skep -n '__fish_seen_subcommand_from watch' -l follow -s f -d 'don\'t stop at the end: wait for more [until \\ or Ctrl-C]'
complete -c skep -n '__fish_seen_subcommand_from watch' -l last -x -d 'how many to show'
complete -c skep -n '__fish_seen_subcommand_from watch' -l column -x -d 'show only this; may be given several times'
complete -c skep -n '__fish_seen_subcommand_from watch' -l write-to-a-file -s w -r -F -d 'where to put them as well'
complete -c skep -n '__fish_seen_subcommand_from watch' -a 'exec http'
