#!/bin/sh
# peer-root.sh NAME: gets the newest release of a program that the tests compare with or run beside, from Debian unstable,
# into a folder, and prints the folder with its commands. NAME: prometheus (with promtool), mysqld-exporter, haproxy or
# percona-toolkit. Tests take the commands of the folder when it is first in PATH; this machine's own are not touched.
#
# The commands run with the libraries that came with them. Neither root nor chroot is needed. A complete folder is not changed;
# remove it to get a newer release. Folders are kept in ${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/peers.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "peer-root: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "usage: $0 prometheus|mysqld-exporter|haproxy|percona-toolkit"
name=$1
case $name in
prometheus) package=prometheus commands="usr/bin/prometheus usr/bin/promtool" ;;
mysqld-exporter) package=prometheus-mysqld-exporter commands=usr/bin/prometheus-mysqld-exporter ;;
haproxy) package=haproxy commands=usr/sbin/haproxy ;;
percona-toolkit) package=percona-toolkit commands="usr/bin/pt-table-checksum usr/bin/pt-heartbeat" ;;
*) fail "unknown program '$name': prometheus, mysqld-exporter, haproxy and percona-toolkit are known" ;;
esac

peers=${XDG_CACHE_HOME:-$HOME/.cache}/mysql-replication-exporter/peers
folder=$peers/$name
say() { echo "peer-root: $(cat "$folder/.complete")" >&2; }
# The marker is written last.
if [ -e "$folder/.complete" ]; then
    say
    echo "$folder/bin"
    exit 0
fi

mkdir -p "$peers"
build=$peers/.$name.$$
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
echo "peer-root: fetching $package of Debian unstable into $folder" >&2
scripts/extract-packages.sh sid "$build/root" "$package"
[ ! -e "$folder" ] || rm -rf "$folder"
# In place before the first start, because the commands know the path.
mv "$build" "$folder"

root=$folder/root
loader=$(find "$root/usr/lib64" "$root/usr/lib" -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
[ -n "$loader" ] || fail "$package came without a C library"
libraries=$(find "$root/usr/lib" -maxdepth 2 -name 'libc.so.*' -printf '%h\n')
modules=
if [ -x "$root/usr/bin/perl" ]; then
    # Where that Perl looks, inside the folder. (Its own modules cannot be loaded before.)
    modules=$("$loader" --library-path "$libraries" "$root/usr/bin/perl" -e 'print "$_\n" for @INC' |
        sed "s|^|$root|" | paste -s -d :)
fi
mkdir -p "$folder/bin"
for command in $commands; do
    wrapper=$folder/bin/${command##*/}
    program="'$root/$command'"
    if head -n 1 "$root/$command" | grep -aq '^#!.*perl'; then program="'$root/usr/bin/perl' $program"; fi
    printf '%s\n' '#!/bin/sh' "${modules:+PERL5LIB='$modules' }exec '$loader' --library-path '$libraries' $program \"\$@\"" \
        >"$wrapper"
    chmod 755 "$wrapper"
    case $command in *haproxy) version=-v ;; *) version=--version ;; esac
    "$wrapper" $version >"$folder/said" 2>&1 || {
        cat "$folder/said" >&2
        fail "${command##*/} of Debian unstable does not run here"
    }
    [ -e "$folder/.version" ] || head -n 1 "$folder/said" >"$folder/.version"
done
mv "$folder/.version" "$folder/.complete"
say
echo "$folder/bin"
