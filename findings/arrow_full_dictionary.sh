#!/usr/bin/env bash
# pyarrow 26.0.1: dictionaries of as many words as their indices can count are valid, and can't be unified.
#
# Expected: int8 indices reach 127, so that 128 words have one each; uint8 has room for 256. Two chunks with the very same words
# unify, as those with one word less do, and two with these words in another order are joined.
# Seen: `validate(full=True)` passes; `unify_dictionaries` of a chunk and itself, and `concat_arrays` of it and one in another
# order, say "requires a larger index type", which is not so: the last index is counted out. `to_pandas` takes both.
#
# Output seen:
#   int8 of 127: valid, unified to 127 words, joined to 254 cells
#   int8 of 128: valid, not unified (ArrowInvalid), not joined (ArrowInvalid)
#   uint8 of 255: valid, unified to 255 words, joined to 510 cells
#   uint8 of 256: valid, not unified (ArrowInvalid), not joined (ArrowInvalid)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python="$folder/venv/bin/python"
"${PYTHON:-python3}" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6 2>/dev/null
cat > "$folder/ask.py" <<'PYTHON'
import pyarrow as pa


def outcome(work, said, instead):
    try:
        return said.format(work())
    except pa.ArrowInvalid as error:
        assert "larger index type" in str(error), error
        return f"{instead} ({type(error).__name__})"


for index, words in ((pa.int8(), 127), (pa.int8(), 128), (pa.uint8(), 255), (pa.uint8(), 256)):
    places = pa.array(range(words), index)
    names = pa.array([f"w{n}" for n in range(words)])
    chunk, other = (pa.DictionaryArray.from_arrays(places, told) for told in (names, names[::-1]))
    chunk.validate(full=True)
    both = pa.chunked_array([chunk, chunk])
    unified = outcome(lambda: len(both.unify_dictionaries().chunk(0).dictionary), "unified to {} words", "not unified")
    joined = outcome(lambda: len(pa.concat_arrays([chunk, other])), "joined to {} cells", "not joined")
    print(f"{index} of {words}: valid, {unified}, {joined}")
PYTHON
"$python" "$folder/ask.py" | tee "$folder/seen"
diff - "$folder/seen" <<'SEEN'
int8 of 127: valid, unified to 127 words, joined to 254 cells
int8 of 128: valid, not unified (ArrowInvalid), not joined (ArrowInvalid)
uint8 of 255: valid, unified to 255 words, joined to 510 cells
uint8 of 256: valid, not unified (ArrowInvalid), not joined (ArrowInvalid)
SEEN
