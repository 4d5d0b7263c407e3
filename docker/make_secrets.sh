#!/bin/sh
# Makes the secrets that docker/compose.yaml hands out, each in a file; changes none that is there.
#
#   docker/make_secrets.sh [directory]     (docker/secrets)
#
# Only the directory's owner can enter it. The files in it are readable, since each is shown to one container alone,
# whose user is another than yours.
set -eu

directory=${1:-"$(dirname "$0")/secrets"}
mkdir -p "$directory"
chmod 0700 "$directory"
cd "$directory"

random() { head -c "$1" /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_'; }
password() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
keep() {
  if [ ! -s "$1" ]; then
    printf '%s\n' "$2" >"$1"
    echo "made $1"
  fi
  chmod 0444 "$1"
}

keep licet_secret_key "$(random 48)"
for ring in licet_peppers licet_data_keks licet_signing_keks; do keep "$ring" "1:$(random 32)"; done
keep licet_metrics_token "$(password)"

keep postgres_password "$(password)"
for role in owner app sweep; do keep "licet_${role}_password" "$(password)"; done
keep database_owner_url "postgresql://licet_owner:$(cat licet_owner_password)@postgres:5432/licet"
keep database_url "postgresql://licet_app:$(cat licet_app_password)@postgres:5432/licet"
keep database_sweep_url "postgresql://licet_sweep:$(cat licet_sweep_password)@postgres:5432/licet"

keep redis.conf "requirepass $(password)"
redis=$(sed -n 's/^requirepass //p' redis.conf)
keep redis_url "redis://:$redis@redis:6379/0"
keep licet_broker_url "redis://:$redis@redis:6379/1"

for theirs in email_url tls_certificate tls_key; do
  if [ -s "$theirs" ]; then chmod 0444 "$theirs"; else echo "still needed, from you: $directory/$theirs"; fi
done
