#!/bin/sh
# Verify sealed compliance evidence with openssl, jq, sha256sum and coreutils alone.
#
#   sh verify.sh -k company.pem [-k another.pem] [-h NAME:NUMBER:SHA256] [-t ROOTS.pem] [FOLDER]
#
# FOLDER holds v1/; without it, the folder that this script is in. ROOTS.pem are certificates of time
# stamp authorities that you trust: with them, and only then, each time stamp is verified.
#
# It checks what verify.py checks, but for the Merkle roots, which only single disclosed results need,
# for what only whoever can seal could write (keys of JSON that are given twice, results that rest on
# what no call of their snapshot brought), and for revocations of keys, which it refuses to judge.
# Leaves with 0 if everything holds, 5 if not, 2 if it cannot be run.

set -u
LC_ALL=C
export LC_ALL
keys='' heads='' roots=''
usage() { echo "verify.sh: $1; usage: sh verify.sh -k KEY.pem [-h NAME:NUMBER:SHA256] [FOLDER]" >&2; exit 2; }
while getopts k:h:t: option; do
    case $option in
        k) [ -f "$OPTARG" ] || usage "no key file $OPTARG"
           keys="$keys$(cd "$(dirname "$OPTARG")" && pwd)/$(basename "$OPTARG")
" ;;
        t) [ -f "$OPTARG" ] || usage "no file $OPTARG"
           roots=$(cd "$(dirname "$OPTARG")" && pwd)/$(basename "$OPTARG") ;;
        h) heads="$heads$OPTARG
" ;;
        *) usage 'unknown option' ;;
    esac
done
shift $((OPTIND - 1))
[ -n "$keys" ] || usage 'a key that you have from elsewhere is needed'
for tool in openssl jq sha256sum find awk; do
    command -v "$tool" >/dev/null || usage "$tool is not installed"
done
cd "${1:-$(dirname "$0")}" && [ -d v1 ] || usage 'there is no folder v1, so it is no evidence'
temporary=$(mktemp -d) || exit 2
trap 'rm -rf "$temporary"' EXIT
mkdir "$temporary/keys"
: > "$temporary/bad"
: > "$temporary/errors"
bad() { printf '  %s: %s\n' "$1" "$2" | tr -dc '[:print:]\n' >> "$temporary/bad"; }

# jq over the files that are named on stdin. What it could not read is found by what it says, since
# its exit code is that of the last file alone.
ask() { xargs -r jq "$@" 2>> "$temporary/errors"; }

# The fingerprint of a key, in base64 as `keyid` has it and in hex as its file is named: SHA-256 of
# the key in OpenSSH's form. The last 65 bytes of its DER are the point on the curve.
point() {
    openssl pkey -pubin -in "$1" -noout -text 2>/dev/null | grep -q prime256v1 || return 1
    printf '\0\0\0\023ecdsa-sha2-nistp256\0\0\0\010nistp256\0\0\0\101'
    openssl pkey -pubin -in "$1" -pubout -outform DER | tail -c 65
}
trust() {
    point "$1" > "$temporary/point" || { bad "$1" 'it is not a public key on P-256'; return; }
    cp "$1" "$temporary/keys/$(sha256sum < "$temporary/point" | cut -c 1-64).pem"
}
printf '%s' "$keys" > "$temporary/given"
while read -r key; do trust "$key"; done < "$temporary/given"

# 1. Names: what is where, and nothing else.
name='accounts/[A-Za-z0-9][A-Za-z0-9._-]{0,62}'
find -H v1 ! -type d | grep -vE '/\.unfinished-[0-9a-f]{32}$' | sort > "$temporary/files"
hex='[0-9a-f]{64}'
# What would never end, or be read as the name of another file, is not touched.
find -H v1 -name '*
*' | tr '\n' '?' > "$temporary/broken"
[ ! -s "$temporary/broken" ] || bad "$(cat "$temporary/broken")" 'a name with a line break'
find -H v1 ! -type d ! -name '*
*' | while read -r file; do
    [ -f "$file" ] || bad "$file" 'it is no file'
done
find -L v1 -type f -size +1048576k 2>/dev/null | while read -r file; do
    bad "$file" 'it is larger than any file of a locker'
done
if [ -s "$temporary/bad" ]; then sort -u "$temporary/bad"; echo 'NOT VERIFIED: nothing else was read'; exit 5; fi
grep -vE "^v1/(($name|attestations|anchors|keys)/log/[0-9]{12}\.sigstore\.json|$name/snapshots/$hex\.json|(attestations|anchors|keys)/documents/$hex\.json|objects/sha256/[0-9a-f]{2}/$hex|keys/$hex\.pem|timestamps/(authorities/$hex\.pem|$hex/$hex\.tsr))$" \
    "$temporary/files" | while read -r file; do bad "$file" 'no file of a locker has such a name'; done

# 2. Everything that is named by its digest has it: documents, objects and keys.
sed -nE "s#^(v1/(.*/(snapshots|documents)|objects/sha256/[0-9a-f]{2}|timestamps/$hex)/($hex)(\.json|\.tsr)?)\$#\4  \1#p" \
    "$temporary/files" > "$temporary/sums"
if [ -s "$temporary/sums" ]; then
    sha256sum -c "$temporary/sums" 2>/dev/null | grep -v ': OK$' | while read -r line; do
        bad "${line%%: *}" 'it was changed'
    done
fi
sed -nE 's#^v1/objects/sha256/(..)/\1(.*)$#\1\2#p' "$temporary/files" | sort > "$temporary/objects"
sed -nE "s#^v1/objects/sha256/(..)/($hex)\$#\1 \2#p" "$temporary/files" |
    awk 'substr($2, 1, 2) != $1' | while read -r _ file; do bad "$file" 'it is in another folder'; done
grep -E '^v1/keys/[^/]*$' "$temporary/files" | while read -r file; do
    point "$file" > "$temporary/point"
    [ "v1/keys/$(sha256sum < "$temporary/point" | cut -c 1-64).pem" = "$file" ] &&
        openssl pkey -pubin -in "$file" -pubout 2>/dev/null | cmp -s - "$file" || bad "$file" 'it was changed'
done

# 3. Seals. One jq reads all seals of a log and writes a line for each: what is in it, and whether
# it is the bundle and the statement, and nothing else, of its place.
cat > "$temporary/seals.jq" <<'JQ'
def hex: type == "string" and test("^[0-9a-f]{64}$");
# Base64 in the one way in which it is written: no spare bits.
def fingerprint: type == "string" and test("^SHA256:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$");
def base64: test("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$");
(input_filename | capture("^v1/(?<log>.*)/log/(?<number>[0-9]+)[.]sigstore[.]json$")) as $place
| ($place.number | tonumber) as $number | ($place.log | ltrimstr("accounts/")) as $account
| ($account != $place.log) as $is_account | .dsseEnvelope as $envelope
| $envelope.signatures[0] as $signature | ($envelope.payload | @base64d) as $text
| ($text | fromjson) as $said | $said.subject[0].digest.sha256 as $document
| $said.predicate.previous.sha256? as $previous
| {mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
   verificationMaterial: ({publicKey: {hint: $signature.keyid}}
     + (.verificationMaterial | with_entries(select(.key == "timestampVerificationData")))),
   dsseEnvelope: {payload: ($text | @base64), payloadType: "application/vnd.in-toto+json",
     signatures: [{sig: $signature.sig, keyid: $signature.keyid}]}} as $bundle
| {_type: "https://in-toto.io/Statement/v1",
   subject: [{name: (if $is_account then "\($account)/snapshots" else "\($account)/documents" end
     + "/\($document).json"), digest: {sha256: $document}}],
   predicateType: "urn:collector:\({"attestations": "attestation", "anchors": "anchor",
     "keys": "key-statement"}[$place.log] // "snapshot"):v1",
   predicate: ({number: $number, previous: (if $number == 1 then null else {sha256: $previous} end),
     createdAt: $said.predicate.createdAt}
     + (if $is_account then {account: $account} else {log: $account} end))} as $statement
| (. == $bundle and $said == $statement and ($document | hex)
   and ($number == 1 or ($previous | hex)) and ($signature.sig | base64) and ($signature.keyid | fingerprint)
   and ($said.predicate.createdAt | test("^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$"))) as $fine
| [input_filename, $number, ($fine | tostring), $document, $previous // "-",
   $said.predicate.createdAt, ($signature.keyid | ltrimstr("SHA256:")), $signature.sig,
   ($text | utf8bytelength), $envelope.payload,
   .verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp // "-"] | map(tostring) | join(" ")
JQ
stamps=0
verify_log() {
    log=$1 known='' retired=''
    grep -E "^v1/$log/log/[0-9]{12}\.sigstore\.json\$" "$temporary/files" > "$temporary/names"
    # Written again, sorted and without spaces, each must be what it is.
    while read -r file; do cat "$file"; echo; done < "$temporary/names" > "$temporary/raw"
    ask -cS . < "$temporary/names" > "$temporary/again"
    cmp -s "$temporary/raw" "$temporary/again" || while read -r file; do
        [ "$(jq -cS . "$file" 2>&1; echo .)" = "$(cat "$file"; echo; echo .)" ] || bad "$file" 'it was changed'
    done < "$temporary/names"
    ask -r -f "$temporary/seals.jq" < "$temporary/names" > "$temporary/said"
    xargs sha256sum < "$temporary/names" | cut -c 1-64 > "$temporary/digests"
    if [ "$(wc -l < "$temporary/said")" -ne "$(wc -l < "$temporary/names")" ]; then
        bad "v1/$log/log/" 'a seal cannot be read'
        return
    fi
    paste -d ' ' "$temporary/said" "$temporary/digests" > "$temporary/seals"
    awk '{ if ($2 != n + 1) print $1, "number " n + 1 " is missing before it"
           if ($5 != (n ? sha : "-")) print $1, "it follows " $5 ", but before it is " sha
           if ($6 < at) print $1, "it is back-dated"
           n = $2; sha = $NF; at = $6 }' "$temporary/seals" |
        while read -r file message; do bad "$file" "$message"; done
    while read -r file number fine document _ at keyid sig size payload token digest; do
        [ "$fine" = true ] || bad "$file" 'it is not a seal of this place'
        case " $retired " in *" $keyid "*)
            bad "$file" "it is signed with SHA256:$keyid, whose place another had taken" ;;
        esac
        if [ "$keyid" != "$known" ]; then
            known=$keyid old=$keyid
            # Keys whose place this one took, directly or not, may sign no more from here on.
            while old=$(awk -v new="$old" '$2 == new { print $1; exit }' "$temporary/rotated") &&
                [ -n "$old" ]; do retired="$retired $old"; done
            key=$(printf '%s=' "$keyid" | base64 -d 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
            key="$temporary/keys/$key.pem"
        fi
        { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$size"
          printf '%s' "$payload" | base64 -d; } > "$temporary/signed" 2>/dev/null
        printf '%s' "$sig" | base64 -d > "$temporary/signature" 2>/dev/null
        if [ ! -f "$key" ]; then
            bad "$file" "it is signed with SHA256:$keyid, which is not a key to trust"
        elif ! openssl dgst -sha256 -verify "$key" -signature "$temporary/signature" \
            "$temporary/signed" >/dev/null 2>&1; then
            bad "$file" 'its signature does not hold'
        elif [ "$log" = keys ]; then
            # A statement on a key: one that is admitted, or takes another's place, may sign too.
            said="v1/keys/documents/$document.json"
            if jq -je 'select(.action != "revoke").public_key' "$said" > "$temporary/new" 2>/dev/null
            then
                trust "$temporary/new"
                new=$(jq -r 'select(.action == "rotate").key | ltrimstr("SHA256:")' "$said")
                [ -z "$new" ] || { echo "$keyid $new" >> "$temporary/rotated"; retired="$retired $keyid"; }
            else bad "$said" 'it revokes a key, or is not there: use verify.py'; fi
        fi
        [ "$token" = - ] || printf '%s' "$token" | base64 -d > "$temporary/token" 2>/dev/null
        for stamp in $([ "$token" = - ] || echo "$temporary/token") "v1/timestamps/$digest"/*.tsr; do
            [ -f "$stamp" ] || continue
            stamps=$((stamps + 1))
            [ -z "$roots" ] || openssl ts -verify -in "$stamp" -data "$temporary/signature" \
                -CAfile "$roots" >/dev/null 2>&1 || bad "$file" "its time stamp does not hold: $stamp"
        done
        case $log in
            accounts/*) echo "v1/$log/snapshots/$document.json $at ${log#accounts/}" ;;
            *) echo "v1/$log/documents/$document.json $at -" ;;
        esac >> "$temporary/documents"
        echo "$log:$number:$digest" >> "$temporary/heads"
    done < "$temporary/seals"
    awk -v name="$log" 'END { print name ": " NR " seals; head, to be kept elsewhere: " name ":" $2 ":" $NF }' \
        "$temporary/seals"
}
: > "$temporary/documents"
: > "$temporary/rotated"
: > "$temporary/heads"
sed -nE "s#^v1/(.*)/log/[0-9]{12}\.sigstore\.json\$#\1#p" "$temporary/files" | sort -u |
    awk '{ print ($1 == "keys" ? 0 : 1), $1 }' | sort | cut -d ' ' -f 2 > "$temporary/logs"
[ -s "$temporary/logs" ] || bad v1/ 'there is no seal'
while read -r log; do verify_log "$log"; done < "$temporary/logs"

# 4. Documents: each that a seal names is there, is of its account, was finished before it was
# sealed, adds up, and names objects that are there.
sort -u -k 1,1 "$temporary/documents" > "$temporary/named"
while read -r file _; do
    [ -f "$file" ] && echo "$file" || bad "$file" 'it is missing'
done < "$temporary/named" > "$temporary/there"
ask -r '[input_filename, .finished // .made, .account.name? // "-",
    ((({"accounts": ["snapshot"], "attestations": ["attestation", "exception", "decision", "withdrawal"],
       "anchors": ["anchor"], "keys": ["key-statement"]}[input_filename | split("/")[1]] // []
      | map("collector/\(.)/v1")) as $schemas | .schema as $schema | $schemas | index([$schema]) != null) and
    ((.checks == null) == (input_filename | startswith("v1/accounts/") | not)) and (.checks == null or
      ([.checks[].summary | to_entries[]] | group_by(.key) | map({key: .[0].key, value: map(.value) | add})
       | map(select(.value > 0)) | from_entries) == (.summary | del(.calls) | with_entries(select(.value > 0)))))]
    | map(tostring) | join(" ")' < "$temporary/there" > "$temporary/dated"
sort -k 1,1 "$temporary/dated" | join "$temporary/named" - |
    while read -r file at account finished own fine; do
        [ "$fine" = true ] || bad "$file" 'its summary is not the sum of those of its checks'
        [ "$account" = - ] || [ "$account" = "$own" ] || bad "$file" 'it is of another account'
        if [ "$(printf '%s\n%s\n' "$finished" "$at" | sort | tail -n 1)" != "$at" ] &&
            [ "$(date -d "$finished" +%s)" -gt $(($(date -d "$at" +%s) + 60)) ]; then
            bad "$file" 'it was finished after it was sealed'
        fi
    done
# digest, what it is, check and its counts
ask -r '(.checks[]? | [.results_sha256, "results", .id, (.summary | to_entries
      | map(select(.value > 0) | "\(.key)=\(.value)") | sort | join(","))]),
    (.summary.calls as $count | .calls_sha256 // empty | [., "calls", "-", ($count | tostring)]),
    (.documents[]? | select(.is_kept) | [.sha256, "file", "-", "-"]) | join(" ")' \
    < "$temporary/there" | sort -u > "$temporary/claims"

# 5. Objects: results hold what the documents say, and each answer that is named is there.
path_of() { awk -v kind="$1" '$2 == kind { print "v1/objects/sha256/" substr($1, 1, 2) "/" $1 }' "$temporary/claims" | sort -u; }
path_of results | while read -r file; do [ -f "$file" ] && echo "$file"; done > "$temporary/results"
ask -r '[(input_filename | split("/") | last), .check, .outcome] | join(" ")' \
    < "$temporary/results" > "$temporary/outcomes"
sort "$temporary/outcomes" | uniq -c | awk '{
        at = $2 " " $3; found[at] = found[at] (found[at] == "" ? "" : ",") $4 "=" $1
    } END { for (at in found) print at, found[at] }' | sort > "$temporary/counted"
awk '$2 == "results" && $4 != "" { print $1, $3, $4 }' "$temporary/claims" | sort -u > "$temporary/claimed"
comm -3 "$temporary/claimed" "$temporary/counted" | while read -r digest check _; do
    bad "v1/objects/sha256/??/$digest" "of $check it holds other results than a document says"
done
path_of calls | while read -r file; do [ -f "$file" ] && echo "$file"; done > "$temporary/calls"
awk '$2 == "calls" { print $1, $4 }' "$temporary/claims" | sort -u > "$temporary/claimed"
while read -r file; do echo "${file##*/} $(grep -c '' < "$file")"; done < "$temporary/calls" |
    sort > "$temporary/counted"
comm -3 "$temporary/claimed" "$temporary/counted" | while read -r digest _; do
    bad "v1/objects/sha256/??/$digest" 'it holds another number of calls than a document says'
done
{
    cut -d ' ' -f 1 "$temporary/claims"
    ask -r '.evidence[]' < "$temporary/results"
    ask -r 'if has("answer_sha256") then .answer_sha256 // empty else error("no call") end' \
        < "$temporary/calls"
} | sort -u | comm -23 - "$temporary/objects" | while read -r digest; do
    bad "v1/objects/sha256/??/$digest" 'it is missing, but something refers to it'
done

# 6. Heads that anchors name, and those that were remembered.
ask -r '.heads[]? | "\(.log):\(.number):\(.sha256)"' < "$temporary/there" |
    while IFS=: read -r log number digest; do
        grep -qx "$log:$number:$digest" "$temporary/heads" ||
            bad "v1/$log/log/" "an anchor names number $number, but it is not there or another"
    done
printf '%s' "$heads" | while read -r head; do
    # As `collector verify` prints it, an account is named without its folder.
    grep -qxF -e "$head" -e "accounts/$head" "$temporary/heads" ||
        bad "$head" 'this seal is remembered, but not there'
done

sort -u "$temporary/errors" | while read -r line; do bad v1/ "$line"; done

wc -l < "$temporary/objects" | awk '{ print $1 " objects, each of them read" }'
sort -u "$temporary/bad"
[ -n "$roots" ] || [ "$stamps" -eq 0 ] || echo "note: $stamps time stamps are not verified: -t ROOTS.pem"
if [ -s "$temporary/bad" ]; then echo 'NOT VERIFIED'; exit 5; fi
echo 'VERIFIED: every signature, digest and link holds'
