# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion of rollsim. A test holds it against rollsim COMMAND --help.
_rollsim()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} options=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'check rehearse verify merge tune retro plot recording rules help --help --version' -- "$word")
        return
    fi
    if [ "$command" = rules ]; then
        if [ "$COMP_CWORD" -eq 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W 'check eval test --help' -- "$word")
            return
        fi
        command=rules-${COMP_WORDS[2]}
    fi
    case $before in
    --prometheus) mapfile -t COMPREPLY < <(compgen -W '3 2.53 2.42' -- "$word"); return ;;
    --group-offsets) mapfile -t COMPREPLY < <(compgen -W 'zero hashed hashed-slices' -- "$word"); return ;;
    --rules-path) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --unit | --latency-unit) mapfile -t COMPREPLY < <(compgen -W 's ms us ns' -- "$word"); return ;;
    --log-format | --time | --latency | --status | --route | --every | --window | --reject | --select | --query | --from | --to | --run | --metric | --external-label | --lookback | --query-offset | --resend-delay | \
        --evaluation-interval | --scrape-interval) return ;;
    --format)
        case $command in
        check) mapfile -t COMPREPLY < <(compgen -W 'text json sarif' -- "$word") ;;
        verify | merge) mapfile -t COMPREPLY < <(compgen -W 'text json junit sarif' -- "$word") ;;
        recording) mapfile -t COMPREPLY < <(compgen -W 'common combined log-format json csv jtl k6 times series' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -W 'svg png' -- "$word") ;;
        esac
        return
        ;;
    --fail-on) mapfile -t COMPREPLY < <(compgen -W 'error warning never' -- "$word"); return ;;
    --explain)
        mapfile -t COMPREPLY < <(compgen -W "$(rollsim check --list 2>/dev/null | sed '1d; s/ .*//')" -- "$word")
        return
        ;;
    --claim)
        # The scenario's own names again: whatever stands after "- name:" below "claims:".
        local file names=
        for file in "${COMP_WORDS[@]:2}"; do
            case $file in
            *.yaml | *.yml)
                [ -r "$file" ] && names="$(sed -n \
                    '/^claims:/,/^[a-z]/s/^ *- *{\{0,1\} *name: *\([A-Za-z0-9_-]*\).*/\1/p' "$file")"
                ;;
            esac
        done
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
        return
        ;;
    --replica | --replicas | --branch | -n | --seed | --jobs | -j | --only | --shard) return ;;
    --fault)
        # The scenario's own names: whatever stands after "- name:" below "faults:".
        local file names=none
        for file in "${COMP_WORDS[@]:2}"; do
            case $file in
            *.yaml | *.yml)
                [ -r "$file" ] && names="none $(sed -n \
                    '/^faults:/,/^[a-z]/s/^ *- *{\{0,1\} *name: *\([A-Za-z0-9_-]*\).*/\1/p' "$file")"
                ;;
            esac
        done
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
        return
        ;;
    --samplers) mapfile -t COMPREPLY < <(compgen -W 'own gsl' -- "$word"); return ;;
    --plots | --export) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    esac
    case $command in
    check) options='--format --json --sarif --fail-on --explain --list --print-reference --print-schema --help' ;;
    rehearse) options='--fault --replica --branch --export --seed --samplers --traffic --json --help' ;;
    verify) options='--output --replicas --all --claim --seed --samplers --jobs --shard --plots --force --resume --traffic --format --json --junit --sarif
        --quiet --help' ;;
    merge) options='--output --scenario --plots --force --format --json --junit --sarif --quiet --help' ;;
    tune) options='--output --plots --diff --write --markdown --replicas --seed --samplers --jobs --force --traffic --json --quiet --help' ;;
    retro) options='--metrics --log --timeline --annotations --notifications --rules --output --force --plots --markdown --learn --diff --write --seed
        --replicas --jobs --json --quiet --help' ;;
    plot) options='--output --format --only --quiet --help' ;;
    recording) options='--format --log-format --time --latency --status --route --unit --latency-unit --end --every --window --reject --select
        --plots --json --help' ;;
    rules-check) options='--prometheus --evaluation-interval --scrape-interval --query-offset --lookback --ignore
        --quiet --lint-fatal --json --help' ;;
    rules-eval) options='--rules --data --query --alertmanager --alertmanager-version --silences --prometheus --from --to
        --evaluation-interval --lookback
        --query-offset --resend-delay --group-offsets --rules-path --external-label --metric --csv --json --quiet --help' ;;
    rules-test) options='--run --prometheus --junit --json --quiet --help' ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'check rehearse verify merge tune retro plot recording rules' -- "$word"); return ;;
    esac
    case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _rollsim rollsim
