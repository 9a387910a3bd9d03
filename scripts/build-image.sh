#!/bin/sh
# build-image.sh [PACKAGE.deb]: builds an OCI image from the Debian package (by default the one in build/), without a container
# engine, as build/mysql-replication-exporter_VERSION_ARCH.oci.tar. It holds the program, the shared libraries it needs from
# this machine's Debian release, and the certificate authorities: no shell, no package manager. The same package and the
# same versions of the libraries give the same image, byte for byte. Needs root, for mmdebstrap.
set -eu
# The modes of directories are part of the image.
umask 022
cd "$(dirname "$0")/.."

fail() {
    echo "build-image: $*" >&2
    exit 1
}

name=mysql-replication-exporter
# One glob, since make deb leaves the packages of older versions.
package=${1:-$(find build -name "${name}_*.deb" -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d ' ' -f 2)}
[ -f "${package:-/nonexistent}" ] || fail "no package (make deb builds it)"
[ "$(id -u)" -eq 0 ] || fail "needs root, for mmdebstrap"
scripts/install-packages.sh dpkg-dev mmdebstrap openssl python3

version=$(dpkg-deb --field "$package" Version)
architecture=$(dpkg-deb --field "$package" Architecture)
release=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
epoch=$(dpkg-parsechangelog --file deploy/debian/changelog --show-field Timestamp)
created=$(date --utc --date "@$epoch" +%Y-%m-%dT%H:%M:%SZ)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The Debian archive and its security updates, where this machine's apt gets them; no third party's.
apt-get indextargets --format '$(ORIGIN) deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$release" '$1 == "Debian" && index($4, release) == 1 { print $2, $3, $4, $5 }' | sort -u >"$work/sources.list"
[ -s "$work/sources.list" ] || fail "apt knows no Debian archive for $release (run apt-get update)"

# adduser serves the package's installation script; ca-certificates and base-files (os-release) are not among its dependencies.
needed=$(dpkg-deb --field "$package" Depends | tr ',' '\n' | awk '$1 != "adduser" { print $1 }' | paste -s -d ,)
mmdebstrap --quiet --variant=extract --skip=cleanup/apt --include="$needed,ca-certificates,base-files" "$release" \
    "$work/download" "$work/sources.list" 2>"$work/log" || {
    cat "$work/log" >&2
    fail "the libraries cannot be downloaded"
}

# Keep the shared libraries (in their directory, and only the authentication plugins that a replication account uses: not the one
# that sends the password in clear text, nor the interactive one), and the licences of what is kept.
libraries=$work/libraries
mkdir -p "$libraries/usr/lib" "$libraries/usr/lib64" "$libraries/etc/ssl/certs" "$libraries/var/lib/dpkg/status.d" "$libraries/tmp"
ln -s usr/lib "$libraries/lib"
ln -s usr/lib64 "$libraries/lib64"
take() { # take FILE: with the directories of merged /usr
    destination=$libraries/usr/${1#usr/}
    mkdir -p "$(dirname "$destination")"
    cp -a "$work/unpacked/$1" "$destination"
}
for archive in "$work"/download/var/cache/apt/archives/*.deb; do
    rm -rf "$work/unpacked"
    dpkg-deb --extract "$archive" "$work/unpacked"
    part=$(dpkg-deb --field "$archive" Package)
    (cd "$work/unpacked" && find . \( -type f -o -type l \) | sed 's|^\./||' | sort) >"$work/files"
    kept=
    while read -r file; do
        case $file in
        */libmariadb3/plugin/mysql_clear_password.so | */libmariadb3/plugin/dialog.so) continue ;;
        */libmariadb3/plugin/*.so | lib64/ld-* | usr/lib64/ld-*) take "$file" ;;
        */engines-*/* | */ossl-modules/* | */gconv/* | */audit/*) continue ;;
        lib/*-linux-gnu*/*.so* | usr/lib/*-linux-gnu*/*.so*) take "$file" ;;
        usr/share/ca-certificates/mozilla/*.crt)
            authority=$(basename "$file" .crt)
            cp "$work/unpacked/$file" "$libraries/etc/ssl/certs/$authority.pem"
            cat "$work/unpacked/$file" >>"$work/bundle"
            ;;
        etc/ssl/openssl.cnf) mkdir -p "$libraries/etc/ssl" && cp -a "$work/unpacked/$file" "$libraries/etc/ssl/" ;;
        usr/lib/os-release) take "$file" && ln -s ../usr/lib/os-release "$libraries/etc/os-release" ;;
        *) continue ;;
        esac
        kept=1
    done <"$work/files"
    # gcc-12-base has nothing but the licence of libgcc-s1 and libstdc++6.
    case $part in gcc-*-base) kept=1 ;; esac
    [ -n "$kept" ] || continue
    # Where scanners look for what is in an image without dpkg.
    dpkg-deb --field "$archive" >"$libraries/var/lib/dpkg/status.d/$part"
    mkdir -p "$libraries/usr/share/doc"
    cp -a "$work/unpacked/usr/share/doc/$part" "$libraries/usr/share/doc/"
    find "$libraries/usr/share/doc/$part" -type f ! -name copyright -delete
done
# As update-ca-certificates leaves it: a link for each authority's hash, of which the program reads one when needed, and the
# bundle, which configurations name.
openssl rehash "$libraries/etc/ssl/certs" 2>/dev/null
cp "$work/bundle" "$libraries/etc/ssl/certs/ca-certificates.crt"
# Where OpenSSL looks by itself.
mkdir -p "$libraries/usr/lib/ssl"
ln -s /etc/ssl/openssl.cnf "$libraries/usr/lib/ssl/openssl.cnf"
ln -s /etc/ssl/certs "$libraries/usr/lib/ssl/certs"
printf 'root:x:0:0:root:/root:/usr/sbin/nologin\nexporter:x:65532:65532:exporter:/nonexistent:/usr/sbin/nologin\n' >"$libraries/etc/passwd"
printf 'root:x:0:\nexporter:x:65532:\n' >"$libraries/etc/group"
printf 'hosts: files dns\n' >"$libraries/etc/nsswitch.conf"
find "$libraries" -type d -empty -path '*/usr/share/doc/*' -delete

# The program, in a layer of its own: a new version transfers nothing else.
program=$work/program
rm -rf "$work/unpacked"
dpkg-deb --extract "$package" "$work/unpacked"
mkdir -p "$program/usr/bin" "$program/usr/share/doc/$name" "$program/etc/$name" "$program/var/lib/$name" "$program/var/lib/dpkg/status.d"
cp "$work/unpacked/usr/bin/$name" "$program/usr/bin/"
cp "$work/unpacked/usr/share/doc/$name/copyright" "$work/unpacked/usr/share/doc/$name/NOTICE" "$program/usr/share/doc/$name/"
dpkg-deb --field "$package" >"$program/var/lib/dpkg/status.d/$name"

chmod 1777 "$libraries/tmp"
chown -R 0:0 "$libraries" "$program"
chown 65532:65532 "$program/var/lib/$name"

cat >"$work/config.json" <<JSON
{
  "created": "$created",
  "os": "linux",
  "architecture": "$architecture",
  "config": {
    "User": "65532:65532",
    "WorkingDir": "/",
    "ExposedPorts": {"19104/tcp": {}},
    "Env": ["PATH=/usr/bin"],
    "Entrypoint": ["/usr/bin/$name"],
    "Cmd": ["--config.file=/etc/$name/config.yml"],
    "Labels": {
      "org.opencontainers.image.title": "$name",
      "org.opencontainers.image.description": "Prometheus exporter for MySQL and MariaDB replication",
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.version": "$version",
      "org.opencontainers.image.created": "$created"
    }
  },
  "history": [
    {"created": "$created", "created_by": "libraries of Debian $release"},
    {"created": "$created", "created_by": "$name $version"}
  ]
}
JSON
image=build/${name}_${version}_$architecture.oci.tar
mkdir -p build
scripts/oci-image.py "$work/image.tar" "$work/config.json" "$libraries" "$program"
mv "$work/image.tar" "$image"
ls -lh "$image"
