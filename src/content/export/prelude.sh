set -euo pipefail
cd "$(dirname "$0")"
export AWS_PAGER=''

# How often a check is asked again, in seconds, and what a wait's time is multiplied with.
POLL=${POLL:-10}
PATIENCE=${PATIENCE:-3}

say() { printf '\n== %s\n' "$*"; }

# random_value NAME LENGTH: a value that names of the run contain; a letter first. Kept beside the script.
random_value() {
  local file=".${1,,}"
  [ -z "${!1:-}" ] || echo "${!1}" >"$file"
  [ -s "$file" ] || {
    local value
    value=$(head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'a-z' | head -c 1)
    value+=$(head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'a-z0-9' | head -c $(($2 - 1)))
    echo "$value" >"$file"
  }
  printf -v "$1" '%s' "$(cat "$file")"
}

# look NAME PATH COMMAND...: sets NAME to what a read gives; fails when there is nothing.
look() {
  local name=$1 path=$2 found
  shift 2
  found=$("$@" --query "$path" --output text 2>/dev/null) || return 1
  [ -n "$found" ] && [ "$found" != None ] || return 1
  printf -v "$name" '%s' "$found"
}

# need NAME PATH COMMAND...: the same; without the value nothing goes on.
need() {
  look "$@" || { echo "$1 is not known: what gives it has not been made. The read was: ${*:3}" >&2; exit 1; }
}

# number TEXT: as a whole number; JMESPath counts in floating point.
number() { printf '%.0f' "$1" 2>/dev/null; }

# holds PATH OPERATOR VALUE COMMAND...: whether a read gives what is expected.
holds() {
  local path=$1 operator=$2 value=$3 found word
  shift 3
  [ "$operator" != count ] || path="length($path)"
  found=$("$@" --query "$path" --output text 2>/dev/null) || return 1
  case $operator in
    eq | count)
      [ "$found" = "$value" ] ||
        { [[ $found =~ ^[0-9]+\.0$ ]] && [ "${found%.0}" = "$value" ]; } ;;
    ne) [ "$found" != "$value" ] ;;
    in) for word in $value; do [ "$found" != "$word" ] || return 0; done; return 1 ;;
    matches) [[ $found =~ $value ]] ;;
    contains) [[ $found == *"$value"* ]] ;;
    gte) [ "$found" != None ] && [ "$(number "$found")" -ge "$(number "$value")" ] ;;
    lte) [ "$found" != None ] && [ "$(number "$found")" -le "$(number "$value")" ] ;;
  esac
}

# gone COMMAND...: whether a read says that there is no such thing; any other refusal proves nothing.
gone() {
  local said
  ! said=$("$@" 2>&1 >/dev/null) || return 1
  [[ $said =~ (NotFound|NoSuch|does\ not\ exist|Not\ Found|404) ]]
}

# wait_for TITLE SECONDS FUNCTION: until a check passes.
wait_for() {
  local until=$((SECONDS + $2 * PATIENCE))
  printf 'waiting: %s\n' "$1"
  until "$3"; do
    [ "$SECONDS" -lt "$until" ] || { echo "not so after $(($2 * PATIENCE)) s: $1" >&2; exit 1; }
    sleep "$POLL"
  done
}

# patiently SECONDS COMMAND...: waits on when the AWS CLI's waiter has counted its polls.
patiently() {
  local until=$((SECONDS + $1 * PATIENCE))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || { echo "gave up: $*" >&2; exit 1; }
  done
}

# workshop ARGUMENTS...: this guide's own clean-up, in the account that `aws` works in here. WORKSHOP says how it is called.
workshop() {
  local -a program
  read -ra program <<<"${WORKSHOP:-}"
  if [ ${#program[@]} -eq 0 ]; then
    program=(env workshop)
    if [ -n "${AWS_ENDPOINT_URL:-}" ]; then program+=(--endpoint-url "$AWS_ENDPOINT_URL"); else program+=(--aws); fi
  fi
  "${program[@]}" --primary "$REGION_PRIMARY" --secondary "$REGION_SECONDARY" "$@" --approve delete
}
