#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_install.sh SOURCE_DIR BUILD_DIR CMAKE CC CXX
#
# Installs the build, moves the installed tree, and builds and runs programs against it as a
# stranger would: by pkg-config alone and by find_package, in C and C++, shared and static.
set -eu
source_dir=$(cd "$1" && pwd) build_dir=$(cd "$2" && pwd) cmake=$3 cc=$4 cxx=$5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "check_install: $*" >&2
    exit 1
}

# quietly WHAT COMMAND...: runs a command and shows what it said if it fails
quietly() {
    what=$1
    shift
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "$what failed"
    }
}

# What a package builder does: stage under DESTDIR. Nothing may escape it, and nothing in it may
# name it.
quietly "install into DESTDIR" env DESTDIR="$work/stage" "$cmake" --install "$build_dir" --prefix /opt/pack
[ -d "$work/stage/opt/pack/include" ] || fail "DESTDIR does not hold the prefix"
strangers=$(cd "$work/stage" && find . -type f ! -path './opt/pack/*')
[ -z "$strangers" ] || fail "installed outside the prefix: $strangers"
if grep -rlF -e "$work" -e "$build_dir" -e "$source_dir" "$work/stage" \
    --include='*.pc' --include='*.cmake' --include='*.h'; then
    fail "the files above name the folder they were made in"
fi

quietly "install" "$cmake" --install "$build_dir" --prefix "$work/before"
mv "$work/before" "$work/moved tree"
prefix="$work/moved tree"
libdir=$(dirname "$(find "$prefix" -name 'libtaildropout.a')")
[ -e "$libdir/libtaildropout.a" ] || fail "libtaildropout.a is not installed"
if [ -e "$prefix/bin/taildropout" ]; then
    for file in bash-completion/completions/taildropout zsh/site-functions/_taildropout; do
        [ -s "$prefix/share/$file" ] || fail "share/$file is not installed"
    done
fi

shared=
libraries=libtaildropout
grep -q '^BUILD_SHARED_LIBS:BOOL=\(ON\|1\|TRUE\)' "$build_dir/CMakeCache.txt" && shared=1
if grep -q '^TDROP_BUILD_MODEL:BOOL=\(ON\|1\|TRUE\)' "$build_dir/CMakeCache.txt"; then
    libraries="$libraries libtaildropout_model"
fi

# tag NAME FILE: the value of a dynamic tag of FILE
tag() {
    readelf -d "$2" | sed -n "s/.*($1).*\[\(.*\)\].*/\1/p"
}

version=$(awk '/^#define TDROP_VERSION_(MAJOR|MINOR|PATCH) / { printf "%s%s", dot, $3; dot = "." }' \
    "$prefix/include/taildropout.h")
for library in $libraries; do
    [ -e "$libdir/$library.a" ] || fail "$library.a is not installed"
    [ -e "$prefix/include/${library#lib}.h" ] || fail "${library#lib}.h is not installed"
    [ -n "$shared" ] || continue
    file=$libdir/$library.so
    [ "$(tag SONAME "$file")" = "$library.so.${version%%.*}" ] ||
        fail "$library: the soname is $(tag SONAME "$file"), not $library.so.${version%%.*}"
    [ -h "$file" ] || fail "$library.so is not a link"
    [ "$(readlink -f "$file.${version%%.*}")" = "$(readlink -f "$file.$version")" ] ||
        fail "$library.so.${version%%.*} does not lead to $library.so.$version"
    [ -z "$(tag RPATH "$file")$(tag RUNPATH "$file")" ] || fail "$library: carries a run path"
done
if [ -n "$shared" ]; then
    for needed in $(tag NEEDED "$libdir/libtaildropout.so"); do
        case $needed in
            libc.so.* | libm.so.* | libpthread.so.* | ld-linux*) ;;
            *) fail "libtaildropout needs $needed" ;;
        esac
    done
fi

# The programs: the example, and one that takes a model from data to file.
cp "$source_dir/examples/forward.c" "$work/forward.c"
cat >"$work/model.c" <<'END'
#include <stdio.h>
#include <taildropout_model.h>

int main(void) {
    static float table[64][8];
    for (int i = 0; i < 64; i++)
        for (int j = 0; j < 8; j++) table[i][j] = (float)(i * (j + 1) % 13);
    tdrop_data *data = NULL;
    tdrop_model *model = NULL;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_fit_options options = {0};
    options.epochs = 1;
    if (tdrop_data_from_floats(&data, table[0], 64, 8, 8, &error) ||
        tdrop_fit(&model, data, &options, NULL, &error) ||
        tdrop_model_save(model, "model.safetensors", 1, &error))
        fprintf(stderr, "%s\n", error.message);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
    return error.status != TDROP_OK;
}
END
cat >"$work/plain.cpp" <<'END'
#include <cstdio>
#include <cstring>
#include <taildropout.h>

int main() {
    tdrop_law_options options = {};
    options.p = 0.5;
    tdrop_law *law = nullptr;
    tdrop_status status = tdrop_law_create(&law, 8, &options);
    std::printf("%s: mean %g of 8\n", tdrop_version(), status ? 0.0 : tdrop_law_mean(law));
    tdrop_law_destroy(law);
    return status != TDROP_OK;
}
END
cd "$work"

# run PROGRAM: runs it and looks at what it printed, if it should print anything
run() {
    LD_LIBRARY_PATH=$libdir "./$1" >out 2>&1 || {
        cat out >&2
        fail "$1: exit status $?"
    }
    case $1 in
        forward*) grep -q '^skipped [1-9][0-9]* of 163840 multiply-adds$' out ;;
        plain*) grep -q "^$version: mean 4 of 8" out ;;
    esac || {
        cat out >&2
        fail "$1 printed something else"
    }
}

# flags OPTION... PACKAGE: what pkg-config says, with the blank in the prefix kept together
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
compile() {
    what=$1 compiler=$2 source=$3
    shift 3
    eval "quietly '$what' $compiler '$source' $(pkg-config "$@") -o '$what'"
    run "$what"
}

[ "$(pkg-config --modversion taildropout)" = "$version" ] || fail "taildropout.pc: another version"
if [ -n "$shared" ]; then
    compile forward_shared "$cc" forward.c --cflags --libs taildropout
    compile plain_shared "$cxx" plain.cpp --cflags --libs taildropout
fi
compile forward_static "$cc -static" forward.c --static --cflags --libs taildropout
compile plain_static "$cxx -static" plain.cpp --static --cflags --libs taildropout
case $libraries in *_model*)
    [ -z "$shared" ] || compile model_shared "$cc" model.c --cflags --libs taildropout_model
    # Static libraries of ours, shared ones of others: put aside what the linker would prefer.
    mkdir aside
    [ -z "$shared" ] || mv "$libdir"/*.so aside
    compile model_static "$cc" model.c --static --cflags --libs taildropout_model
    ! readelf -d model_static | grep -q 'NEEDED.*taildropout' || fail "model_static is not static"
    [ -z "$shared" ] || mv aside/*.so "$libdir"
    ;;
esac

# find_package
mkdir project
cat >project/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.22)
project(stranger LANGUAGES C CXX)
find_package(taildropout 0.1 REQUIRED COMPONENTS ${COMPONENTS})
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
add_executable(forward_cmake ../forward.c)
target_link_libraries(forward_cmake PRIVATE taildropout::taildropout)
add_executable(forward_cmake_static ../forward.c)
target_link_libraries(forward_cmake_static PRIVATE taildropout::taildropout_static)
add_executable(plain_cmake ../plain.cpp)
target_link_libraries(plain_cmake PRIVATE taildropout::taildropout)
if(COMPONENTS)
  add_executable(model_cmake ../model.c)
  target_link_libraries(model_cmake PRIVATE taildropout::model)
  add_executable(model_cmake_static ../model.c)
  target_link_libraries(model_cmake_static PRIVATE taildropout::model_static)
endif()
END
components=
programs="forward_cmake forward_cmake_static plain_cmake"
case $libraries in *_model*)
    components=model
    programs="$programs model_cmake model_cmake_static"
    ;;
esac
quietly "find_package" "$cmake" -S project -B out_of_tree "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx" "-DCOMPONENTS=$components"
quietly "a build by find_package" "$cmake" --build out_of_tree
for program in $programs; do
    cp "out_of_tree/$program" .
    run "$program"
done

# add_subdirectory: the same names, and neither our program nor our tests among what the project has.
mkdir parent
sed 's|^find_package.*|include(CTest)\nadd_subdirectory("${SOURCE}" taildropout)|' \
    project/CMakeLists.txt >parent/CMakeLists.txt
build_model=OFF
[ -z "$components" ] || build_model=ON
quietly "add_subdirectory" "$cmake" -S parent -B in_tree "-DSOURCE=$source_dir" \
    "-DTDROP_BUILD_MODEL=$build_model" "-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx" \
    "-DCOMPONENTS=$components"
"$cmake" --build in_tree --target help >targets
if grep -E '^[.]* *(taildropout|test_core_pool|example_forward)(:|$)' targets; then
    fail "add_subdirectory builds the above as well"
fi
quietly "a build by add_subdirectory" "$cmake" --build in_tree --target forward_cmake plain_cmake
for program in forward_cmake plain_cmake; do
    cp "in_tree/$program" .
    run "$program"
done

# The program, if it was built, runs from where it was installed.
if grep -q '^TDROP_BUILD_CLI:BOOL=\(ON\|1\|TRUE\)' "$build_dir/CMakeCache.txt"; then
    "$prefix/bin/taildropout" --version >out || fail "the installed program does not run"
    grep -q "$version" out || fail "the installed program says another version"
    [ -e "$prefix/share/man/man1/taildropout.1" ] || fail "the manual page is not installed"
fi
