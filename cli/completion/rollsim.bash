# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion of rollsim. A test holds it against rollsim COMMAND --help.
_rollsim()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} options=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'check rehearse verify plot help --help --version' -- "$word")
        return
    fi
    case $before in
    --format)
        mapfile -t COMPREPLY < <(compgen -W 'svg png' -- "$word")
        return
        ;;
    --replica | --replicas | -n | --seed | --jobs | -j | --only) return ;;
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
    --plots) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    esac
    case $command in
    check) options='--json --print-reference --print-schema --help' ;;
    rehearse) options='--fault --replica --seed --traffic --json --help' ;;
    verify) options='--output --replicas --seed --jobs --plots --force --traffic --json --quiet --help' ;;
    plot) options='--output --format --only --quiet --help' ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'check rehearse verify plot' -- "$word"); return ;;
    esac
    case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _rollsim rollsim
