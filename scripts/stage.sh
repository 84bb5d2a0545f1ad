# Sourced by scripts/test and .ci/run.

# Runs a command as a named stage and prints how long it took. A stage that fails ends the script.
stage() {
    local name=$1 started=$SECONDS status=0
    shift
    printf '\n==> %s\n' "$name"
    # Not "if" or "||", under which "set -e" would not hold inside of the stage.
    set +e
    (
        set -e
        "$@"
    )
    status=$?
    set -e
    if [ "$status" -ne 0 ]; then
        printf '\n==> %s FAILED after %s s\n' "$name" $((SECONDS - started)) >&2
        exit "$status"
    fi
    printf '==> %s took %s s\n' "$name" $((SECONDS - started))
}
