# SPDX-License-Identifier: MIT
# The report as one page: it needs nothing from elsewhere, and no name can break out of it.
. "$CASES/helpers"

# page FILE: what a page must not have, and how many scripts it has.
page() {
    grep -ciE 'https?:|src=|href=|url\(|@import|<link|<img|<iframe' "$1"
    grep -o '<script' "$1" | wc -l
    grep -o '</script>' "$1" | wc -l
    sed -n '1p;$p' "$1"
    test "$(wc -c <"$1")" -lt 4000000 || echo "$1 is too large"
}
small_table
mv table.npy '<script>alert(1)<!--.npy'
mkdir '<'
fit_small '<script>alert(1)<!--.npy' -o '</script>.safetensors' --html fit.html >out 2>err || cat err
page fit.html
sed -n 's/.*"command":"\([^"]*\)".*/\1/p' fit.html
try taildropout scree '</script>.safetensors' '<script>alert(1)<!--.npy' --html fit.html
taildropout scree '</script>.safetensors' '<script>alert(1)<!--.npy' --html - >scree.html 2>err
page scree.html
tail -n 1 err
# what the page is told: the parts of its JSON, and its arrays
sed -n 's/.*<script type="application\/json" id="report">\(.*\)<\/script>.*/\1/p' scree.html >json
grep -o '"[a-z_]*":' json | sort -u | tr '\n' ' '
echo
grep -o '{"name":"[a-z0-9.]*","type":"[a-z0-9]*","first":[0-9]*,"count":[0-9]*}' json
taildropout scree '</script>.safetensors' '<script>alert(1)<!--.npy' --html /dev/full >out
echo "exit $?"
ls -A
