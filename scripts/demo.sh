#!/bin/sh
# `make demo`: renders the bundled example and says where to look.
set -eu
cd "$(dirname "$0")/.."

tool=build/calotype
example=examples/field_camera.glb
$tool render $example -o demo --views 32 --depth --normals --mask --sheet demo/sheet.png
result=$(dirname "$(ls demo/*/metadata.json | head -n 1)")
cat <<TEXT

32 views of $example, rendered without a GPU or a display:
  pictures       $result/000.png ... 031.png  (beside each: _depth.npy, _normal.npy, _mask.npy)
  cameras etc.   $result/metadata.json
  contact sheet  demo/sheet.png  <- look at this one first
TEXT
