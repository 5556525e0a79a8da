#!/usr/bin/env bash
# Tries this checkout as a newcomer would, on a machine with another Node and with next to nothing else:
#   test/machines/try.sh 24 whole      the README's two commands as they stand, on Node 24; with E2E=1 the end-to-end tests too
#   test/machines/try.sh 22 short      the README's tests, with fewer random cases, and a loop of two sprints
# The clone lies under a path with blanks, quotes, "#" and letters beyond ASCII; bubblewrap, OpenBLAS, Python, Chromium and drivers of OpenCL cannot be found. Node and
# its npm come from the npm registry. Appends a row to the table in $MACHINES_TABLE, if set: machine | command | result | seconds.
set -uo pipefail
cd "$(dirname "$0")/../.."
major=$1
extent=$2

# Tests run programs as other users: these too must be able to enter.
work=$(mktemp -d)
chmod 755 "$work"
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

# Node 20 and 22 come with npm 10, later ones with npm 11.
npm_major=$([ "$major" -le 22 ] && echo 10 || echo 11)
mkdir -p "$work/tools"
(cd "$work/tools" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund "node@$major" "npm@$npm_major" >/dev/null) || {
  echo "Node $major could not be fetched from the npm registry"
  exit 1
}

# Every program of this machine, by links, but those that a newcomer may not have.
bin="$work/bin"
mkdir "$bin"
for folder in /bin /usr/bin /usr/local/bin; do
  for program in "$folder"/*; do
    name=${program##*/}
    case $name in
      bwrap | python* | pip* | chromium* | google-chrome* | node | nodejs | npm | npx | corepack | yarn* | pnpm*) ;;
      *) [ -e "$bin/$name" ] || ln -s "$program" "$bin/$name" ;;
    esac
  done
done
ln -s "$work/tools/node_modules/node/bin/node" "$bin/node"
for name in npm npx; do
  printf '#!/bin/sh\nexec "%s/node" "%s/tools/node_modules/npm/bin/%s-cli.js" "$@"\n' "$bin" "$work" "$name" >"$bin/$name"
  chmod +x "$bin/$name"
done

clone="$work/# a path with 'quotes', \"more\" and Ünïcode/loop"
mkdir -p "${clone%/*}"
git clone -q . "$clone" || exit 1

# A newcomer's environment: no key, no settings of ours, nothing of a Python environment. How this machine reaches the registry is kept.
network=(npm_config_registry="$(npm config get registry)" npm_config_cache="$(npm config get cache)")
for name in cafile proxy https-proxy noproxy; do
  value=$(npm config get "$name")
  case $value in null | undefined | '') ;; *) network+=("npm_config_${name//-/_}=$value") ;; esac
done
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || network+=(NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS")
run() {
  (cd "$clone" && env -i PATH="$bin" HOME="$work/home" TERM="${TERM:-dumb}" LANG="${LANG:-C.UTF-8}" TMPDIR="${TMPDIR:-/tmp}" \
    ENGINE_BLAS=off OCL_ICD_VENDORS=/nowhere "${network[@]}" "$@")
}
mkdir "$work/home"

failed=0
# Runs a command and notes its row. A command that prints what it must not, fails.
row() {
  local what=$1 start=$SECONDS result=passed
  shift
  printf '\n== Node %s, npm alone: %s\n' "$("$bin/node" --version)" "$what"
  if ! "$@" 2>&1 | tee "$work/out"; then
    result=FAILED
    failed=1
  fi
  printf '%s | %s | %s | %s s\n' "Node $("$bin/node" --version), npm $npm_major, no bubblewrap, OpenBLAS, Python, Chromium or OpenCL" \
    "$what" "$result" "$((SECONDS - start))" | tee -a "${MACHINES_TABLE:-/dev/null}"
}

tests=$(grep -m1 -oE '^npm ci && npm test$' README.md)
loop=$(grep -m1 -oE '^npm ci && npm run loop$' README.md)
quiet_install() { run npm ci 2>&1 | tee "$work/install" && ! grep -iE 'warn|error' "$work/install"; }
two_sprints() { run npm run loop -- --max-sprints 2 && test "$(ls "$clone"/reports/*.pdf | wc -l)" = 2; }

row 'npm ci, without a warning' quiet_install
if [ "$extent" = whole ]; then
  row "$tests" run bash -c "$tests"
  [ -z "${E2E:-}" ] || row 'npm run test:e2e' run npm run test:e2e
  row "$loop" run bash -c "$loop"
else
  # What random conversations and bills show is the same on each Node; the first stage of CI has more of them.
  row 'npm test, with few random cases' run NIGHTS=10 npm test
  row 'npm run loop -- --max-sprints 2' two_sprints
fi
exit $failed
