#!/bin/sh
# Take a backup, check it, and keep the newest backups. For cron:
#
#     15 3 * * *  HANSARD_REDIS_URL_FILE=/srv/hansard/redis_url /srv/hansard/backup.sh /srv/backups 14
#
# To call the program in another way, set HANSARD, for example
# HANSARD="docker compose --file /srv/hansard/deploy/compose.yaml run --rm --volume /srv/backups:/srv/backups gateway"
# (the directory then belongs to user 10001). After a failure the older backups are kept, and the exit status is 1.

set -eu
umask 077

directory=${1:?usage: backup.sh DIRECTORY [HOW-MANY]}
keep=${2:-14}
hansard=${HANSARD:-hansard}
file=$directory/hansard-$(date -u +%Y%m%dT%H%M%SZ).backup

# Unquoted on purpose: HANSARD may be several words.
$hansard backup "$file"
$hansard restore "$file" --check

# The names sort by time.
find "$directory" -maxdepth 1 -name 'hansard-*.backup' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    rm -- "$old"
done
