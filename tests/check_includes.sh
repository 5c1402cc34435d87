#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_includes.sh SOURCE_DIR
#
# Reads every #include and sees to it that the parts of the project know each other only in the
# directions that docs/design.md draws; that intrinsics stay in src/kernels and threads in src/base;
# and that names of files say what is in them and occur once.
set -eu
cd "$1"

folders=
for folder in include src cli examples bindings; do
    [ ! -d "$folder" ] || folders="$folders $folder"
done
list=$(mktemp)
trap 'rm -f "$list"' EXIT
# shellcheck disable=SC2086 # folder names without spaces
find $folders -name '*.[ch]' | sort >"$list"
[ -s "$list" ] || { echo "check_includes: no sources in $1" >&2; exit 1; }

awk '
function fail(text) {
    print "check_includes: " text > "/dev/stderr"
    failed = 1
}

# Which part a file belongs to: base, kernels, ..., cli, examples, bindings, include.
function part_of(path,    piece) {
    split(path, piece, "/")
    return piece[1] == "src" ? piece[2] : piece[1]
}

function check_name(path,    piece, count, stem, i) {
    count = split(path, piece, "/")
    for (i = 1; i <= count; i++) {
        stem = piece[i]
        sub(/\..*/, "", stem)
        if (stem ~ /^(utils?|common|misc|internal)$/)
            fail(path ": " stem " does not say what is in it")
    }
    if (path !~ /^src\//) return
    if (piece[count] in first_place)
        fail(path ": there is also " first_place[piece[count]])
    first_place[piece[count]] = path
}

# The folder of src/ that a name refers to, "." for a file beside the one that includes it, "" for
# anything from outside src/.
function target_of(path, name,    piece) {
    if (name in is_header) return "" # a public header
    if ("src/" name in is_file) {
        split(name, piece, "/")
        return piece[1]
    }
    sub(/[^\/]*$/, "", path)
    return path name in is_file ? "." : ""
}

function check_include(path, line, name, quoted,    part, target, place) {
    part = part_of(path)
    place = path ":" line ": "
    if (name ~ /(^|\/)\.\.?\//) fail(place name " climbs through folders")

    if (name ~ /(^|\/)([a-z0-9]*intrin|arm_[a-z0-9_]+|altivec|riscv_vector)\.h$/ && part != "kernels")
        fail(place name " belongs in src/kernels")
    if (name == "cpuid.h" && path != "src/base/cpu.c") fail(place name " belongs in src/base/cpu.c")
    if (name == "pthread.h" && part != "base" && part != "examples") fail(place name " belongs in src/base")
    # libtaildropout knows nothing of whole models; base/error is compiled into the model library.
    if ((name == "taildropout_model.h" || name == "base/error.h") &&
        part ~ /^(base|kernels|gemm|tail)$/ && path !~ /^src\/base\/error\.[ch]$/)
        fail(place name " belongs to libtaildropout_model")

    target = target_of(path, name)
    if (target == "") {
        if (quoted && !(name in is_header)) fail(place name " is not there")
        return
    }
    if (target == "." || target == part) return
    if (path ~ /^src\/data\/(npy|csv)_write.c$/ && name == "file/atomic_file.h") return
    if (!(part in may_know))
        fail(place name ": no direction is written down for " part)
    else if (index(" " may_know[part] " ", " " target " ") == 0)
        fail(place name ": " part " must not know " target)
}

BEGIN {
    may_know["base"] = ""
    may_know["kernels"] = "base"
    may_know["gemm"] = "base kernels"
    may_know["tail"] = "base kernels"
    may_know["data"] = "base"
    may_know["file"] = "base"
    may_know["model"] = "base kernels gemm tail data file"
    may_know["cli"] = may_know["examples"] = may_know["bindings"] = may_know["include"] = ""
}

# The list of files, read once to know them all.
FILENAME == ARGV[1] {
    is_file[$0] = 1
    file[++files] = $0
    if ($0 ~ /^include\//) is_header[substr($0, 9)] = 1
    next
}

END {
    for (i = 1; i <= files; i++) {
        check_name(file[i])
        line = 0
        while ((getline text < file[i]) > 0) {
            line++
            if (text !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) continue
            quoted = text ~ /include[ \t]*"/
            sub(/^[^<"]*[<"]/, "", text)
            sub(/[>"].*/, "", text)
            check_include(file[i], line, text, quoted)
        }
        close(file[i])
    }
    exit failed
}' "$list"
