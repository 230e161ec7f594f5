#!/usr/bin/env bash
# Makes report.png from a real review: needs mfcheck, chromium, and Pillow.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mfcheck review scaled-resnets --budget quick --quiet --out "$work/run"
chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --window-size=1180,1000 \
    --user-data-dir="$work/home" --screenshot="$work/report.png" "file://$work/run/report.html"
python -c "
import sys
from PIL import Image
Image.open(sys.argv[1]).convert('RGB').quantize(64).save(sys.argv[2], optimize=True)
" "$work/report.png" "$here/report.png"
