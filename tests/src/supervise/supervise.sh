# Looks after one server of a test process.
#
#   watch NAME          Makes a folder and prints its path. Reads "PID SIGNAL" lines, of which the
#                       last one names the server that runs now and the signal that ends it. When
#                       standard input closes, because the test process let go of it or died in
#                       whatever way, ends that server and removes the folder.
#   signal SIGNAL PID   Signals a server together with everything it has started.

# Prints "PID PARENT GROUP" for every living process.
processes() {
    if [ ! -r /proc/self/stat ]; then
        ps -A -o state= -o pid= -o ppid= -o pgid= | sed -n 's/^ *[^Z ][^ ]* *//p'
        return
    fi
    for stat in /proc/[0-9]*/stat; do
        read -r line 2>/dev/null <"$stat" || continue
        pid=${line%% *}
        set -- ${line##*) }
        [ "$1" = Z ] || echo "$pid $2 $3"
    done
}

# Prints the processes that descend from $1 or from its process group. PostgreSQL's backends
# leave the group, so neither of the two is enough.
family() {
    processes | awk -v root="$1" '
        { parent[$1] = $2; group[$1] = $3 }
        END {
            for (pid in parent) {
                member = pid
                while (member in parent && member != root && group[member] != root)
                    member = parent[member]
                if (member == root || group[member] == root) print pid
            }
        }' | sort -n
}

# Stops the family of $1. A process may start another while it is looked for, so this looks again
# until nothing new turns up.
freeze() {
    frozen=
    members=$(family "$1")
    while [ "$members" != "$frozen" ]; do
        kill -STOP $members 2>/dev/null
        frozen=$members
        members=$(family "$1")
    done
}

# Waits until none of these processes lives, at most five seconds. A server's children can outlive
# it by a moment, and hold what the next server needs.
wait_for() {
    tries=0
    while [ $tries -lt 100 ] && processes | grep -qE "^($(echo "$@" | tr ' ' '|')) "; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

signal_family() {
    case $1 in
        STOP) freeze "$2" ;;
        KILL)
            freeze "$2"
            kill -KILL $frozen 2>/dev/null
            wait_for $frozen
            ;;
        *) kill -"$1" $(family "$2") 2>/dev/null ;;
    esac
}

# Ends the family of $1 by sending $2 to its first process, which has five seconds to comply.
end() {
    if [ "$2" != KILL ]; then
        signal_family CONT "$1"
        kill -"$2" "$1" 2>/dev/null
        wait_for "$1"
    fi
    signal_family KILL "$1"
}

watch() {
    trap '' HUP INT QUIT TERM
    folder=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX") || exit 1
    echo "$folder"
    exec >/dev/null
    server=
    while read -r line; do server=$line; done
    [ -z "$server" ] || end $server
    tries=0
    until rm -rf "$folder" 2>/dev/null || [ $tries -ge 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

case $1 in
    watch) watch "$2" ;;
    signal) signal_family "$2" "$3"; true ;;
esac
