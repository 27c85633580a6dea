#!/bin/sh
# Renders the pictures of README.md with build/calotype into docs/images/.
set -eu
cd "$(dirname "$0")/.."

tool=build/calotype
example=examples/field_camera.glb
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
frame="--preset orbit --views 9 --elevation 14 --radius 4.7 --fov 33 --samples 16"

# Three of nine views around it, with their labels.
$tool render $example -q -o "$folder" $frame --size 320
python3 - "$folder/field_camera/metadata.json" <<'PYTHON'
import json, sys
metadata = json.load(open(sys.argv[1]))
metadata["views"] = [metadata["views"][i] for i in (8, 1, 5)]
json.dump(metadata, open(sys.argv[1], "w"))
PYTHON
mv "$folder/field_camera/metadata.json" "$folder/cameras.json"
$tool render $example -q -o "$folder/again" --cameras "$folder/cameras.json" --samples 16 --depth --normals --ids \
    --channels albedo --sheet docs/images/views.png

# The animation: the bellows out, at rest, and in.
for time in 0.6 0 1.3; do
    $tool render $example -q -o "$folder/at-$time" $frame --size 300 --animation focus --time $time
    cp "$folder/at-$time/field_camera/000.png" "docs/images/focus-$time.png"
done

# Five of them in one scene (docs/dataset-scenes.md).
$tool render $example $example $example $example $example -q -o "$folder/scene" --arrangement ground --show-ground \
    --sun 60,45 --shadows all --environment-strength 0.6 --preset orbit --views 2 --size 256 --elevation 25 --radius 2.9 \
    --depth --ids --samples 16 --sheet docs/images/scene.png
