#!/bin/sh
# Take a backup, see that it is whole, and keep the newest ones. For cron:
#
#     15 3 * * *  HANSARD_REDIS_URL_FILE=/srv/hansard/redis_url /srv/hansard/backup.sh /srv/backups 14
#
# Any other way to call the program goes into HANSARD, for example
# HANSARD="docker compose --file /srv/hansard/deploy/compose.yaml run --rm --volume /srv/backups:/srv/backups gateway"
# (the directory then belongs to user 10001). What fails leaves the older backups alone, and an exit status of 1.

set -eu
umask 077

directory=${1:?usage: backup.sh DIRECTORY [HOW-MANY]}
keep=${2:-14}
hansard=${HANSARD:-hansard}
file=$directory/hansard-$(date -u +%Y%m%dT%H%M%SZ).backup

# Unquoted on purpose: it may be several words.
$hansard backup "$file"
$hansard restore "$file" --check

# Their names are in the order of their times.
find "$directory" -maxdepth 1 -name 'hansard-*.backup' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    rm -- "$old"
done
