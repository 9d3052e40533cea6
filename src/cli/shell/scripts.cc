#include "cli/shell/scripts.h"

namespace wasm_server::cli {
namespace {

// Bash breaks words at `=` and `:`; the line is split at spaces instead, and what Bash takes for
// done already is taken off the candidates.
constexpr std::string_view kBash = R"(# wasm-server completion for bash
_wasm_server() {
  local line=${COMP_LINE:0:COMP_POINT} words current kept candidate files=
  read -ra words <<<"$line"
  [[ $line == *' ' ]] && words+=("")
  current=${words[-1]}
  kept=${current%"${current##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then
      files=1
    else
      COMPREPLY+=("${candidate#"$kept"}")
    fi
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do
      COMPREPLY+=("$candidate")
    done < <(compgen -f -- "${current#"$kept"}")
  fi
}
complete -F _wasm_server wasm-server
)";

constexpr std::string_view kZsh = R"(#compdef wasm-server
# wasm-server completion for zsh
_wasm_server() {
  local line files= tab=$'\t'
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=1
    else
      local word=${line%%$tab*} description=
      [[ $line == *$tab* ]] && description=${line#*$tab}
      candidates+=("${word//:/\\:}${description:+:$description}")
    fi
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && _describe -V wasm-server candidates
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _wasm_server ]]; then
  _wasm_server "$@"
else
  compdef _wasm_server wasm-server
fi
)";

constexpr std::string_view kFish = R"(# wasm-server completion for fish
function __wasm_server_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c wasm-server -f -a '(__wasm_server_complete)'
)";

}  // namespace

std::optional<std::string_view> completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return std::nullopt;
}

}  // namespace wasm_server::cli
