# shellcheck shell=bash
# shellcheck disable=SC2034  # what those who source this use
# What the deploy scripts share. Sourced, never run, by the script's real place, since a link may
# lead to it: `source "$(dirname "$(realpath -- "$0")")/lib.sh"`.
#
# Sets `self` (the calling script) and `root` (the checkout), and goes there. Clears the variables
# that would change what is measured or tested: OpenBLAS takes its kernel and block sizes from the
# environment it is loaded in.

self=$(realpath -- "$0")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit
unset "${!OPENBLAS_@}" TEXTFLIX_SOCKET TEXTFLIX_CONFIG TEXTFLIX_ISA

# What building needs beside Swift; the tests and the packages need more, and say so themselves.
build_packages=(libopenblas-dev libstemmer-dev libsystemd-dev pkg-config)

say() { printf '%s\n' "$*"; }

step() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$1" >&2
    exit "${2:-70}"
}

# Prints the header comment of the calling script, from its second line on.
usage() {
    sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$self"
}

# The packages of "$@" that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            printf '%s\n' "$package"
    done
}

# Checks a folder's option, as in `absolute "$@"`: these scripts run in the checkout, not where they
# were called.
absolute() {
    [[ $2 == /* ]] || die "$1 needs an absolute path, not $2" 64
}

# What belongs to a prefix: sets share, where systemd looks for its files (library) and units, and
# where zsh and fish look for completions. These know no prefix but /usr and the administrator's own
# places: with any other they are there. (Of /usr/local fish sees only what $XDG_DATA_DIRS names.)
places() {
    [[ $1 =~ ^(/[A-Za-z0-9._+-]+)+$ ]] ||
        die "--prefix needs an absolute path of letters, digits and . _ + -, not $1" 64
    share=$1/share library=/usr/local/lib units=/usr/local/lib/systemd/system
    zsh=/usr/local/share/zsh/site-functions fish=/etc/fish/completions
    if [[ $1 == /usr ]]; then
        library=/usr/lib units=/usr/lib/systemd/system
        zsh=/usr/share/zsh/vendor-completions fish=/usr/share/fish/vendor_completions.d
    fi
}

# The user's cache, which a service may not have.
user_cache() {
    [[ ${XDG_CACHE_HOME:-${HOME:-}} ]] ||
        die "neither XDG_CACHE_HOME nor HOME is set: there is no cache (see --help)" 64
    say "${XDG_CACHE_HOME:-$HOME/.cache}"
}

# Whether the Debian package is installed, which brings the same units and programs below /usr.
has_package() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' textflix 2>/dev/null) == installed ]]
}

# What root has built under sudo is its caller's, who may build there too; half a build also.
give_back_build() {
    [[ -z ${SUDO_UID:-} || ! -d .build ]] || chown --recursive "$SUDO_UID:${SUDO_GID:-}" .build
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Installs what is missing of "$@"; false when it cannot be installed.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null; then
        say "not a Debian; please install what corresponds to: ${missing[*]}"
        return 1
    fi
    if ((EUID != 0)) && ! sudo -n true 2>/dev/null && ! [[ -t 0 ]]; then
        say "not root, and no sudo; please run: apt-get install ${missing[*]}"
        return 1
    fi
    say "installing ${missing[*]}"
    as_root apt-get -qq update || say "apt-get update failed; trying with the lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install --no-install-recommends -y "${missing[@]}" >/dev/null
}

need_swift() {
    local hint='' failed='' answer version
    if [[ ${SUDO_USER:-} ]]; then
        hint=" (sudo has a PATH of its own: sudo env PATH=\"\$PATH\" $0)"
        failed="; a toolchain manager's looks below \$HOME, which is root's under sudo: put the"
        failed+=" toolchain's own usr/bin first on the PATH"
    fi
    command -v swift >/dev/null ||
        die "no swift on the PATH$hint; Swift 6.2 or newer is needed" 69
    answer=$(swift --version 2>&1) || die "swift --version fails$failed. It says: $answer" 69
    version=$(sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' <<<"$answer" | head -n 1)
    [[ $version ]] || die "swift --version names no version. It says: $answer" 69
    [[ $(printf '6.2\n%s\n' "$version" | sort -V | head -n 1) == 6.2 ]] ||
        die "Swift $version is too old; 6.2 or newer is needed" 69
}
