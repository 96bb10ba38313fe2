# Sourced by the scripts that work in phases: a title, silence, and the time it took. What a phase
# prints goes to a log of its own, whose end is shown when the phase fails.

logs="${logs:?}"
mkdir -p "$logs"

# phase NAME TITLE COMMAND...
phase() {
  local name=$1 title=$2 status=0 started=$SECONDS
  shift 2
  printf '%-58s' "$title"
  "$@" </dev/null >"$logs/$name.log" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    printf 'ok  %4d s\n' $((SECONDS - started))
  else
    printf 'FAILED (exit %d)  %4d s\n' "$status" $((SECONDS - started))
    # What the compiler and the tests mark as errors, else the end.
    { grep -E '(error:|^✘)' "$logs/$name.log" || tail -n 30 "$logs/$name.log"; } | head -n 60 | sed 's/^/  /'
    echo "  Everything it said: $logs/$name.log"
  fi
  return "$status"
}
