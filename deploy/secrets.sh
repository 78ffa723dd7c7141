#!/bin/sh
# Make the secrets that compose.yaml mounts, each where there is none yet:
#
#     sh deploy/secrets.sh
#
# | file         | what |
# | admin_secret | signs the operator's tokens: whoever has it opens sites and sets their keys |
# | redis_auth   | the line of the server's configuration that sets its password |
# | redis_url    | the address of that server, with the password |
#
# They lie in deploy/secrets, which is for its owner alone. The files themselves are for everybody to read, because
# they are mounted one by one, and the users of the containers are others than whoever runs this.

set -eu
umask 077

directory=${1:-$(dirname -- "$0")/secrets}
mkdir -p -- "$directory"
chmod 700 -- "$directory"

random() {
    od -An -v -N 32 -t x1 /dev/urandom | tr -d ' \n'
}

# Make a file of standard input, whole or not at all, unless it is there.
keep() {
    if [ ! -e "$directory/$1" ]; then
        cat >"$directory/.$1"
        chmod 444 "$directory/.$1"
        mv -- "$directory/.$1" "$directory/$1"
    fi
}

# printf is of the shell itself: what it writes is in no list of processes.
random | keep admin_secret
printf 'requirepass %s\n' "$(random)" | keep redis_auth
printf 'redis://:%s@redis:6379\n' "$(cut -d ' ' -f 2 "$directory/redis_auth")" | keep redis_url
