#include <inttypes.h>
#include <string.h>

#include "dwell/report.h"
#include "report/escape.h"
#include "report/flame.h"

enum {
	WIDTH = 1200,
	SIDE = 10,
	TOP = 64,
	ROW = 17,
	BOTTOM = 12,
	INNER = WIDTH - 2 * SIDE,
	/* Frames narrower than 1/100 of a pixel are left out. */
	LEAST = INNER * 100
};

/* Text of an XML file: escaped as for a terminal, then for XML. */
static void put_xml(FILE *file, const char *at, size_t size)
{
	char out[ESCAPE_SIZE];
	size_t length;
	int width;

	for (size_t i = 0; i < size;) {
		i += escape_next(at + i, size - i, false, out, &length, &width);
		if (length != 1)
			fwrite(out, 1, length, file);
		else if (*out == '&')
			fputs("&amp;", file);
		else if (*out == '<')
			fputs("&lt;", file);
		else if (*out == '>')
			fputs("&gt;", file);
		else if (*out == '"')
			fputs("&quot;", file);
		else
			putc(*out, file);
	}
}

/* Zoom and search. Every frame carries its place in data-x and data-w, in the tree's own weights.
 */
static const char script[] =
	"(function () {\n"
	"\tvar frames = Array.prototype.slice.call(document.querySelectorAll('g.f'));\n"
	"\tvar root = document.currentScript.ownerSVGElement, inner = +root.dataset.inner, side = +root.dataset.side;\n"
	"\tvar total = +root.dataset.total, from = 0, width = total, pattern = null;\n"
	"\tvar status = document.getElementById('status'), input = document.getElementById('search');\n"
	"\tvar back = document.getElementById('back'), detail = document.getElementById('detail');\n"
	"\tfunction name(g) { return g.firstElementChild.textContent; }\n"
	"\tfunction place(g) {\n"
	"\t\tvar x = +g.dataset.x, w = +g.dataset.w;\n"
	"\t\tvar left = Math.max(x, from), right = Math.min(x + w, from + width);\n"
	"\t\tvar px = (right - left) / width * inner, rect = g.querySelector('rect');\n"
	"\t\tvar text = g.querySelector('text');\n"
	"\t\tg.style.display = px < 0.1 ? 'none' : '';\n"
	"\t\tif (px < 0.1) return;\n"
	"\t\tvar at = side + (left - from) / width * inner;\n"
	"\t\trect.setAttribute('x', at);\n"
	"\t\trect.setAttribute('width', Math.max(px - 0.5, 0.1));\n"
	"\t\ttext.setAttribute('x', at + 3);\n"
	"\t\tvar room = Math.floor((px - 6) / 7), label = g.dataset.n;\n"
	"\t\ttext.textContent = room < 3 ? '' : label.length <= room ? label : label.slice(0, room - 1) + '\\u2026';\n"
	"\t\tg.classList.toggle('around', x < from || x + w > from + width);\n"
	"\t}\n"
	"\tfunction zoom(x, w) {\n"
	"\t\tfrom = x; width = w;\n"
	"\t\tframes.forEach(place);\n"
	"\t\tback.style.display = w < total ? '' : 'none';\n"
	"\t}\n"
	"\tfunction search(text) {\n"
	"\t\tvar sum = 0, end = -1;\n"
	"\t\tpattern = null;\n"
	"\t\tif (text) try { pattern = new RegExp(text, 'i'); } catch (e) { status.textContent = 'not a pattern'; return; }\n"
	"\t\tframes.forEach(function (g) {\n"
	"\t\t\tvar hit = pattern && pattern.test(g.dataset.n), x = +g.dataset.x, w = +g.dataset.w;\n"
	"\t\t\tg.classList.toggle('hit', !!hit);\n"
	"\t\t\t/* frames come parents first: what lies inside a hit is counted already */\n"
	"\t\t\tif (hit && x >= end) { sum += w; end = x + w; }\n"
	"\t\t});\n"
	"\t\tstatus.textContent = pattern ? 'matched ' + (100 * sum / total).toFixed(1) + ' %' : '';\n"
	"\t}\n"
	"\tframes.forEach(function (g) {\n"
	"\t\tg.addEventListener('click', function () { zoom(+g.dataset.x, +g.dataset.w); });\n"
	"\t\tg.addEventListener('mouseover', function () { detail.textContent = name(g); });\n"
	"\t\tg.addEventListener('mouseout', function () { detail.textContent = ''; });\n"
	"\t});\n"
	"\tback.addEventListener('click', function () { zoom(0, total); });\n"
	"\tinput.addEventListener('input', function () { search(input.value); });\n"
	"\twindow.addEventListener('keydown', function (e) {\n"
	"\t\tif (e.key === 'Escape') { input.value = ''; search(''); zoom(0, total); }\n"
	"\t\telse if (e.key === '/' && e.target !== input) { e.preventDefault(); input.focus(); }\n"
	"\t});\n"
	"\tzoom(0, total);\n"
	"})();\n";

static const char styles[] =
	"text { font: 12px monospace; fill: #111; pointer-events: none; }\n"
	"#title { font: bold 16px sans-serif; }\n"
	"#subtitle, #status, #back, #detail { font: 12px sans-serif; fill: #444; }\n"
	"#back { cursor: pointer; pointer-events: auto; text-decoration: underline; }\n"
	"g.f { cursor: pointer; }\n"
	"g.f:hover rect { stroke: #000; }\n"
	"g.around { opacity: 0.5; }\n"
	"g.hit rect { fill: #d030d0; }\n"
	"input { font: 12px sans-serif; width: 100%; box-sizing: border-box; }\n";

static void put_head(const struct dwell_flame *flame, FILE *file,
	const struct dwell_flame_look *look, unsigned height)
{
	fprintf(file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" "
		"height=\"%u\" data-total=\"%" PRIu64 "\" data-inner=\"%d\" data-side=\"%d\">\n"
		"<style>\n%s</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text id=\"title\" x=\"%d\" y=\"24\">",
		WIDTH, height, WIDTH, height, dwell_flame_total(flame), INNER, SIDE, styles, SIDE);
	put_xml(file, look->title, strlen(look->title));
	fprintf(file, "</text>\n<text id=\"subtitle\" x=\"%d\" y=\"42\">", SIDE);
	put_xml(file, look->subtitle, strlen(look->subtitle));
	fprintf(file,
		"</text>\n<text id=\"detail\" x=\"%d\" y=\"58\"></text>\n"
		"<text id=\"back\" x=\"%d\" y=\"24\" style=\"display: none\">whole trace</text>\n"
		"<text id=\"status\" x=\"%d\" y=\"42\"></text>\n"
		"<foreignObject x=\"%d\" y=\"8\" width=\"200\" height=\"24\">"
		"<input xmlns=\"http://www.w3.org/1999/xhtml\" id=\"search\" "
		"placeholder=\"search ( / )\"/></foreignObject>\n",
		SIDE, WIDTH - SIDE - 310, WIDTH - SIDE - 200, WIDTH - SIDE - 200);
}

/* A shade for a name: the same in every picture. */
static unsigned shade(struct dwell_string name)
{
	unsigned hash = 2166136261u;

	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
	return (hash >> 8) % 100;
}

static void put_weight(FILE *file, const struct dwell_flame_look *look, uint64_t weight)
{
	char out[DWELL_NUMBER_SIZE];

	if (look->duration)
		dwell_format_duration(out, weight, false);
	else
		dwell_format_count(out, weight);
	fputs(out, file);
}

/* As many whole characters as fit. */
static void put_label(FILE *file, struct dwell_string name, uint64_t room)
{
	size_t at = 0;

	if (room < 3)
		return;
	while (at < name.size && room--) {
		uint32_t c;
		const size_t used = dwell_utf8_decode(name.at + at, name.size - at, &c);

		put_xml(file, name.at + at, used);
		at += used;
	}
}

static void put_frame(const struct dwell_flame *flame, FILE *file,
	const struct dwell_flame_look *look, uint32_t node, uint64_t x, unsigned bottom)
{
	const struct dwell_string name = flame_name(flame, node);
	const uint64_t total = dwell_flame_total(flame), weight = flame->nodes[node].weight;
	const unsigned y = bottom - flame->nodes[node].depth * ROW;
	const double scale = (double)INNER / (double)total;
	const double left = (double)SIDE + (double)x * scale, width = (double)weight * scale;
	char share[DWELL_NUMBER_SIZE];
	const unsigned tone = shade(name);

	fprintf(file, "<g class=\"f\" data-x=\"%" PRIu64 "\" data-w=\"%" PRIu64 "\" data-n=\"", x,
		weight);
	put_xml(file, name.at, name.size);
	fputs("\"><title>", file);
	put_xml(file, name.at, name.size);
	fputs(" (", file);
	put_weight(file, look, weight);
	fprintf(file,
		", %s)</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" rx=\"1\" "
		"fill=\"hsl(%u,%u%%,%u%%)\"/><text x=\"%.2f\" y=\"%u\">",
		dwell_format_share(share, dwell_share_ppm(weight, total)), left, y,
		width > 0.6 ? width - 0.5 : 0.1, ROW - 1, (look->hue + tone / 5) % 360,
		55 + tone % 30, 62 + tone % 20, left + 3, y + 12);
	put_label(file, name, width > 6 ? (uint64_t)((width - 6) / 7) : 0);
	fputs("</text></g>\n", file);
}

static bool is_seen(const struct dwell_flame *flame, uint32_t node)
{
	return flame->nodes[node].weight > dwell_flame_total(flame) / LEAST;
}

static unsigned deepest(const struct dwell_flame *flame)
{
	unsigned depth = 0;

	for (uint32_t node = 0, below = 1; (node = flame_next(flame, node, below));) {
		below = is_seen(flame, node);
		if (below && flame->nodes[node].depth > depth)
			depth = flame->nodes[node].depth;
	}
	return depth;
}

static void put_frames(const struct dwell_flame *flame, FILE *file,
	const struct dwell_flame_look *look, unsigned bottom)
{
	/* By depth: where the next frame there begins. */
	uint64_t starts[DWELL_FLAME_DEPTH + 2] = { 0 };
	bool below = true;

	for (uint32_t node = 0; (node = flame_next(flame, node, below));) {
		const unsigned depth = flame->nodes[node].depth;
		const uint64_t x = starts[depth];

		below = is_seen(flame, node);
		starts[depth] = x + flame->nodes[node].weight;
		starts[depth + 1] = x;
		if (below)
			put_frame(flame, file, look, node, x, bottom);
	}
}

void dwell_flame_svg(struct dwell_flame *flame, FILE *file, const struct dwell_flame_look *look)
{
	flame_sort(flame);

	const unsigned bottom = TOP + (deepest(flame) + 1) * ROW;

	put_head(flame, file, look, bottom + BOTTOM);
	if (!dwell_flame_total(flame))
		fprintf(file, "<text x=\"%d\" y=\"%d\">nothing to show</text>\n", SIDE, TOP + 8);
	else
		put_frames(flame, file, look, bottom);
	fprintf(file, "<script><![CDATA[\n%s]]></script>\n</svg>\n", script);
}
