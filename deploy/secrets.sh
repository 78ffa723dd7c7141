#!/bin/sh
# Create the secrets that compose.yaml mounts, each unless it exists:
#
#     sh deploy/secrets.sh
#
# | file         | what |
# | admin_secret | signs operators' tokens, which can open sites and set their keys |
# | contacts_key | seals names and addresses of people; they are lost with it |
# | redis_auth   | the line of the server's configuration with its password |
# | redis_url    | the address of that server, with the password |
#
# They are written to deploy/secrets, which only its owner can enter. The files themselves are readable by all users,
# because they are mounted one by one, and the containers run as other users than this script.

set -eu
umask 077

directory=${1:-$(dirname -- "$0")/secrets}
mkdir -p -- "$directory"
chmod 700 -- "$directory"

random() {
    od -An -v -N 32 -t x1 /dev/urandom | tr -d ' \n'
}

# Write standard input to a file atomically, unless the file exists.
keep() {
    if [ ! -e "$directory/$1" ]; then
        cat >"$directory/.$1"
        chmod 444 "$directory/.$1"
        mv -- "$directory/.$1" "$directory/$1"
    fi
}

# printf is built into the shell, so its arguments appear in no process list.
random | keep admin_secret
random | keep contacts_key
printf 'requirepass %s\n' "$(random)" | keep redis_auth
printf 'redis://:%s@redis:6379\n' "$(cut -d ' ' -f 2 "$directory/redis_auth")" | keep redis_url
