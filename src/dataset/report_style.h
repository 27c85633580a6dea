/* How a report looks: light and dark by the reader's system, and on paper. */
#ifndef CALO_DATASET_REPORT_STYLE_H
#define CALO_DATASET_REPORT_STYLE_H

#define CALO_REPORT_STYLE \
    ":root{color-scheme:light dark;--page:#f6f7f8;--card:#fff;--ink:#1c2127;--soft:#69727d;--rule:#e1e5e9;" \
    "--good:#2f7d5b;--wait:#9bb8d3;--bad:#c2533d;--hint:#f0f2f4}\n" \
    "@media (prefers-color-scheme:dark){:root{--page:#14171a;--card:#1d2125;--ink:#e6e9ec;--soft:#98a2ad;--rule:#31373d;" \
    "--good:#5bb88f;--wait:#56718b;--bad:#e0816c;--hint:#262b30}}\n" \
    "*{box-sizing:border-box}\n" \
    "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;" \
    "font-variant-numeric:tabular-nums}\n" \
    "main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}\n" \
    "h1{font-size:26px;line-height:1.25;margin:0}h2{font-size:17px;margin:0 0 12px}p{margin:4px 0}\n" \
    "header p,small,.soft{color:var(--soft)}\n" \
    "section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:20px;margin-top:16px}\n" \
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(122px,1fr));gap:12px;margin-top:20px}\n" \
    ".tiles div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 14px}\n" \
    ".tiles b{display:block;font-size:18px;line-height:1.4;white-space:nowrap}.tiles span{color:var(--soft);font-size:13px}\n" \
    ".share{display:flex;height:12px;border-radius:6px;overflow:hidden;background:var(--rule);margin-top:16px}\n" \
    ".done{background:var(--good)}.staged{background:var(--wait)}.failed{background:var(--bad)}\n" \
    "table{border-collapse:collapse;width:100%}th{text-align:left;color:var(--soft);font-weight:500;font-size:13px}\n" \
    "th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top}\n" \
    "tr:last-child>td{border-bottom:0}.number{text-align:right;white-space:nowrap;width:1%}\n" \
    ".bar{width:34%}.bar i{display:block;height:10px;border-radius:3px;margin-top:6px;min-width:2px}\n" \
    "details{border-bottom:1px solid var(--rule)}details:last-child{border-bottom:0}\n" \
    "details summary{cursor:pointer;display:grid;grid-template-columns:2fr 70px 70px 3fr;gap:14px;padding:6px 0;list-style:none}\n" \
    "summary::-webkit-details-marker{display:none}summary span:first-child::before{content:'\\25b8';color:var(--soft);margin-right:8px}\n" \
    "details[open] summary span:first-child::before{content:'\\25be'}summary .number,summary .bar{width:auto}\n" \
    "details ul{margin:2px 0 12px;padding:0;list-style:none}\n" \
    "details li{background:var(--hint);border-radius:6px;padding:6px 10px;margin-top:6px;font-size:13px}\n" \
    ".name{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:12px;overflow-wrap:anywhere;unicode-bidi:isolate}\n" \
    ".text{overflow-wrap:anywhere;unicode-bidi:isolate;color:var(--soft)}\n" \
    ".pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px}\n" \
    "figure{margin:0;min-width:0}figure img{width:100%;aspect-ratio:4;object-fit:contain;border-radius:8px;display:block;" \
    "background:#59636e}\n" \
    "figcaption{margin-top:4px;font-size:12px;color:var(--soft);max-height:54px;overflow:hidden}\n" \
    ".columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(360px,1fr));gap:0 16px}\n" \
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:12px}svg .rule{stroke:var(--rule)}\n" \
    "svg .mark{stroke:var(--soft);stroke-dasharray:3 3}svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}\n" \
    ".key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 5px 0 14px}.key i:first-child{margin-left:0}\n" \
    "@media print{section,.tiles div{break-inside:avoid}}\n"

#endif
