/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keys, clicks and answers do to the screen of `skep top`: see top_model.h.
 */
#include "cli/top_model.h"

#include "base/str.h"
#include "event/inert.h"

static const struct {
	const char *name;
	uint64_t ns;
} windows[] = {
	{ "10s", 10 * 1000000000ULL },
	{ "1m", 60 * 1000000000ULL },
	{ "5m", 300 * 1000000000ULL },
	{ "15m", 900 * 1000000000ULL },
	{ "1h", 3600 * 1000000000ULL },
	{ "6h", 6 * 3600 * 1000000000ULL },
	{ "1d", 24 * 3600 * 1000000000ULL },
};

struct top_level *top_model_level(struct top_model *model)
{
	return &model->levels[model->depth];
}

struct top_setting *top_model_setting(struct top_model *model)
{
	return &model->settings[top_model_level(model)->wish.screen];
}

const char *top_model_window(const struct top_model *model)
{
	return windows[model->window].name;
}

int top_model_init(struct top_model *model, enum top_screen tab, uint64_t window_ns)
{
	*model = (struct top_model){ .tab = tab, .has_new_wish = true };
	while (model->window + 1 < ARRAY_LENGTH(windows) && windows[model->window].ns < window_ns)
		model->window++;
	for (int i = 0; i < TOP_SCREENS; i++)
		model->settings[i].order = top_layouts[i].first_order;
	model->levels[0].wish.screen = tab;
	return 0;
}

void top_model_done(struct top_model *model)
{
	for (int i = 0; i < TOP_SCREENS; i++)
		filter_free(model->settings[i].filter);
	top_snapshot_free(model->snapshot);
	top_rows_done(&model->shown);
}

void top_model_wish(struct top_model *model, struct top_wish *ret_wish)
{
	*ret_wish = top_model_level(model)->wish;
	ret_wish->window_ns = windows[model->window].ns;
	ret_wish->order = top_model_setting(model)->order;
	ret_wish->is_rising = top_model_setting(model)->is_rising;
}

/* ---- what is shown ---- */

static void find_selected(struct top_model *model)
{
	struct top_level *level = top_model_level(model);

	for (size_t i = 0; level->has_moved && i < model->shown.count; i++) {
		const struct event_header *row = top_rows_at(&model->shown, i);

		if (row->id == level->selected_id)
			level->selected = i;
	}
	level->selected = model->shown.count ? MIN(level->selected, model->shown.count - 1) : 0;
}

/* Filters and sorts the answer anew. */
static void show(struct top_model *model)
{
	struct top_setting *setting = top_model_setting(model);
	const struct top_rows *rows;

	top_rows_done(&model->shown);
	if (!model->snapshot)
		return;
	rows = &model->snapshot->rows;
	model->shown.kind = rows->kind;
	for (size_t i = 0; i < rows->count; i++) {
		struct event_header *row;

		if (setting->filter && !filter_matches(setting->filter, top_rows_at(rows, i)))
			continue;
		row = top_rows_add(&model->shown);
		if (row)
			memcpy(row, top_rows_at(rows, i), rows->kind->size);
	}
	top_rows_sort(&model->shown, setting->order, setting->is_rising);
	find_selected(model);
}

static void ask_anew(struct top_model *model)
{
	model->has_new_wish = true;
}

/* Another screen: what the old one showed goes. */
static void leave_screen(struct top_model *model)
{
	top_snapshot_free(TAKE(model->snapshot));
	top_rows_done(&model->shown);
	model->is_editing = false;
	ask_anew(model);
}

void top_model_take(struct top_model *model, struct top_snapshot *snapshot)
{
	struct top_wish wish;
	bool is_ours;

	top_model_wish(model, &wish);
	is_ours = snapshot->wish.screen == wish.screen && snapshot->wish.pid == wish.pid &&
		  snapshot->wish.window_ns == wish.window_ns &&
		  str_equal(snapshot->wish.service, wish.service) &&
		  str_equal(snapshot->wish.target, wish.target);
	if (!is_ours || (model->is_paused && model->snapshot)) {
		top_snapshot_free(snapshot);
		return;
	}
	model->fail = snapshot->fail;
	/* What is there stays on the screen while the agent is away. */
	if (snapshot->fail.code && model->snapshot) {
		top_snapshot_free(snapshot);
		return;
	}
	top_snapshot_free(model->snapshot);
	model->snapshot = snapshot;
	show(model);
}

const struct event_header *top_model_row(struct top_model *model)
{
	const struct top_level *level = top_model_level(model);

	return level->selected < model->shown.count ? top_rows_at(&model->shown, level->selected)
						    : NULL;
}

int top_model_filter(
	struct top_model *model, enum top_screen screen, const char *text, struct fail *fail)
{
	const struct event_kind *kind = top_screen_kind(screen);
	_cleanup_(filter_freep)
	struct filter *filter = NULL;
	int error = 0;

	if (text[0]) {
		error = filter_new(&kind, 1, &filter, fail);
		if (!error)
			error = filter_add_expression(filter, text, fail);
	}
	if (error)
		return error;
	filter_free(model->settings[screen].filter);
	model->settings[screen].filter = TAKE(filter);
	str_set(model->settings[screen].filter_text, text);
	show(model);
	return 0;
}

int top_model_order(
	struct top_model *model, enum top_screen screen, const char *field, struct fail *fail)
{
	const struct event_kind *kind = top_screen_kind(screen);
	const struct field *found = field_find(kind, field);
	static const char *const suffixes[] = { "_ns", "_bytes" };
	char name[64];

	for (size_t i = 0; !found && i < ARRAY_LENGTH(suffixes); i++) {
		snprintf(name, sizeof(name), "%.48s%s", field, suffixes[i]);
		found = field_find(kind, name);
	}
	if (!found)
		return fail_set(fail, -ENOENT, "no field '%s' in %s: see 'skep top %s -o json'",
			field, top_layouts[screen].name,
			top_layouts[screen].word ? top_layouts[screen].word : "");
	model->settings[screen].order = found->name;
	model->settings[screen].is_rising = field_is_text(found);
	return 0;
}

/* ---- moving ---- */

void top_model_move(struct top_model *model, int64_t rows)
{
	struct top_level *level = top_model_level(model);
	int64_t last = (int64_t)model->shown.count - 1, wanted = (int64_t)level->selected + rows;
	const struct event_header *row;

	level->selected = (size_t)MAX(0, MIN(wanted, last));
	row = top_model_row(model);
	if (!row)
		return;
	/* At the top one follows the worst, whichever it is. */
	level->has_moved = level->selected > 0;
	level->selected_id = row->id;
}

static void go_to_tab(struct top_model *model, enum top_screen tab)
{
	leave_screen(model);
	model->depth = 0;
	model->tab = tab;
	model->levels[0] = (struct top_level){ .wish.screen = tab };
}

static struct top_level *go_down(struct top_model *model, enum top_screen screen)
{
	struct top_level *level;

	leave_screen(model);
	level = &model->levels[++model->depth];
	*level = (struct top_level){ .wish = model->levels[model->depth - 1].wish };
	level->wish.screen = screen;
	return level;
}

static void open_load(struct top_model *model, const struct top_load *load)
{
	struct top_wish *wish;
	bool is_service = load->header.kind == &top_service_kind;

	wish = &go_down(model, is_service ? TOP_ENDPOINTS : TOP_EXCHANGES)->wish;
	str_set(wish->service, load->service);
	wish->role = load->role;
	str_set(wish->protocol, load->protocol);
	str_set(wish->operation, load->operation);
	str_set(wish->target, load->target);
}

static void open_connection(struct top_model *model, const struct top_connection *connection)
{
	struct top_wish *wish = &go_down(model, TOP_STEPS)->wish;

	str_set(wish->service, connection->service);
	wish->role = connection->role;
	str_set(wish->peer, connection->peer);
	wish->port = connection->port;
}

static void open_process(struct top_model *model, const struct top_process *process)
{
	struct top_wish *wish = &go_down(model, TOP_EXCHANGES)->wish;

	wish->pid = process->process.pid;
	str_set(wish->service, process->process.comm);
}

static void open_row(struct top_model *model)
{
	const struct event_header *row = top_model_row(model);
	union {
		struct top_load load;
		struct top_connection connection;
		struct top_process process;
		struct request_event exchange;
	} copy;

	if (!row || model->depth + 1 == TOP_DEPTH_MAXIMUM || row->kind->size > sizeof(copy))
		return;
	memcpy(&copy, row, row->kind->size);
	switch (top_model_level(model)->wish.screen) {
	case TOP_SERVICES:
	case TOP_ENDPOINTS:
		open_load(model, &copy.load);
		break;
	case TOP_CONNECTIONS:
		open_connection(model, &copy.connection);
		break;
	case TOP_PROCESSES:
		open_process(model, &copy.process);
		break;
	case TOP_EXCHANGES:
		go_down(model, TOP_EXCHANGE)->wish.exchange = copy.exchange;
		break;
	default:
		break;
	}
}

static void go_back(struct top_model *model)
{
	if (model->depth == 0)
		return;
	leave_screen(model);
	model->depth--;
}

/* Of a process: its requests, or its connections. */
static void switch_list(struct top_model *model)
{
	struct top_level *level = top_model_level(model);

	if (!level->wish.pid || level->wish.screen == TOP_EXCHANGE)
		return;
	leave_screen(model);
	level->wish.screen = level->wish.screen == TOP_STEPS ? TOP_EXCHANGES : TOP_STEPS;
	level->selected = level->first = 0;
	level->has_moved = false;
}

/* ---- order and time ---- */

static void reorder(struct top_model *model)
{
	show(model);
	/* Only some of the exchanges are here: the agent has to choose them anew. */
	ask_anew(model);
}

static void choose_column(struct top_model *model, const struct top_column *column)
{
	struct top_setting *setting = top_model_setting(model);

	if (str_equal(setting->order, column->field)) {
		setting->is_rising = !setting->is_rising;
	} else {
		setting->order = column->field;
		setting->is_rising = column->is_rising;
	}
	reorder(model);
}

/* The next column, then the first order again. */
static void next_order(struct top_model *model, int direction)
{
	const struct top_layout *layout = &top_layouts[top_model_level(model)->wish.screen];
	struct top_setting *setting = top_model_setting(model);
	int count = (int)layout->column_count, at = -1;

	if (count == 0)
		return;
	for (int i = 0; i < count && at < 0; i++)
		if (str_equal(layout->columns[i].field, setting->order))
			at = i;
	do
		at = (at + 1 + direction + count + 1) % (count + 1) - 1;
	while (at >= 0 && layout->columns[at].title[0] == '\0');
	setting->order = at < 0 ? layout->first_order : layout->columns[at].field;
	setting->is_rising = at >= 0 && layout->columns[at].is_rising;
	reorder(model);
}

static void next_window(struct top_model *model, int direction)
{
	const unsigned int count = ARRAY_LENGTH(windows);

	model->window = (model->window + count + (unsigned int)direction) % count;
	ask_anew(model);
}

/* ---- the filter line ---- */

static void begin_edit(struct top_model *model)
{
	model->is_editing = true;
	model->edit_fail.code = 0;
	str_set(model->edit, top_model_setting(model)->filter_text);
}

static void remove_character(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length ? length - 1 : 0] = '\0';
}

static void add_character(char *text, size_t size, uint32_t character)
{
	size_t length = strlen(text);
	char bytes[4];
	size_t count = 0;

	if (character < 0x80) {
		bytes[count++] = (char)character;
	} else if (character < 0x800) {
		bytes[count++] = (char)(0xc0 | character >> 6);
	} else if (character < 0x10000) {
		bytes[count++] = (char)(0xe0 | character >> 12);
		bytes[count++] = (char)(0x80 | (character >> 6 & 0x3f));
	} else {
		bytes[count++] = (char)(0xf0 | character >> 18);
		bytes[count++] = (char)(0x80 | (character >> 12 & 0x3f));
		bytes[count++] = (char)(0x80 | (character >> 6 & 0x3f));
	}
	if (character >= 0x80)
		bytes[count++] = (char)(0x80 | (character & 0x3f));
	if (length + count >= size)
		return;
	memcpy(text + length, bytes, count);
	text[length + count] = '\0';
}

static void edit_key(struct top_model *model, uint32_t key)
{
	switch (key) {
	case TOP_KEY_ENTER:
		model->edit_fail.code = 0;
		if (top_model_filter(model, top_model_level(model)->wish.screen, model->edit,
			    &model->edit_fail) == 0)
			model->is_editing = false;
		break;
	case TOP_KEY_ESCAPE:
		model->is_editing = false;
		break;
	case TOP_KEY_BACKSPACE:
		remove_character(model->edit);
		break;
	case 'U' - '@': /* as in a shell: empties the line */
		model->edit[0] = '\0';
		break;
	default:
		if (key >= ' ' && key != 0x7f && key < TOP_KEY_UP)
			add_character(model->edit, sizeof(model->edit), key);
	}
}

/* ---- keys and clicks ---- */

static bool move_key(struct top_model *model, uint32_t key)
{
	const int64_t page = MAX(1, (int64_t)model->geometry.body_height - 1);
	const struct {
		uint32_t key, other;
		int64_t rows;
	} moves[] = {
		{ TOP_KEY_UP, 'k', -1 },
		{ TOP_KEY_DOWN, 'j', 1 },
		{ TOP_KEY_PAGE_UP, 'B' - '@', -page },
		{ TOP_KEY_PAGE_DOWN, 'F' - '@', page },
		{ TOP_KEY_HOME, 'g', -TOP_ROWS_MAXIMUM },
		{ TOP_KEY_END, 'G', TOP_ROWS_MAXIMUM },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(moves); i++) {
		if (key != moves[i].key && key != moves[i].other)
			continue;
		top_model_move(model, moves[i].rows);
		return true;
	}
	return false;
}

static bool way_key(struct top_model *model, uint32_t key)
{
	switch (key) {
	case TOP_KEY_ENTER:
	case TOP_KEY_RIGHT:
		open_row(model);
		return true;
	case TOP_KEY_ESCAPE:
	case TOP_KEY_LEFT:
	case TOP_KEY_BACKSPACE:
		go_back(model);
		return true;
	case TOP_KEY_TAB:
		go_to_tab(model, (model->tab + 1) % TOP_TABS);
		return true;
	case TOP_KEY_BACKTAB:
		go_to_tab(model, (model->tab + TOP_TABS - 1) % TOP_TABS);
		return true;
	case 'c':
		switch_list(model);
		return true;
	}
	if (key < '1' || key >= '1' + TOP_TABS)
		return false;
	go_to_tab(model, key - '1');
	return true;
}

static void look_key(struct top_model *model, uint32_t key)
{
	struct top_setting *setting = top_model_setting(model);

	switch (key) {
	case 's':
	case 'S':
		next_order(model, key == 's' ? 1 : -1);
		break;
	case 'r':
		setting->is_rising = !setting->is_rising;
		reorder(model);
		break;
	case 't':
	case 'T':
		next_window(model, key == 't' ? 1 : -1);
		break;
	case 'p':
	case ' ':
		model->is_paused = !model->is_paused;
		ask_anew(model);
		break;
	case '/':
		begin_edit(model);
		break;
	case '?':
	case 'h':
		model->has_help = true;
		break;
	case 'q':
		model->is_over = true;
		break;
	}
}

void top_model_key(struct top_model *model, uint32_t key)
{
	if (model->is_editing) {
		edit_key(model, key);
		return;
	}
	if (model->has_help) {
		model->has_help = false;
		model->is_over = key == 'q';
		return;
	}
	if (!move_key(model, key) && !way_key(model, key))
		look_key(model, key);
}

static void click_row(struct top_model *model, size_t index)
{
	struct top_level *level = top_model_level(model);

	if (index >= model->shown.count)
		return;
	if (index == level->selected) {
		open_row(model);
		return;
	}
	top_model_move(model, (int64_t)index - (int64_t)level->selected);
}

void top_model_click(struct top_model *model, unsigned int y, unsigned int x)
{
	const struct top_geometry *geometry = &model->geometry;

	if (model->has_help || model->is_editing) {
		model->has_help = model->is_editing = false;
		return;
	}
	for (int i = 0; geometry->has_tabs && y == geometry->tabs_y && i < TOP_TABS; i++)
		if (x >= geometry->tab_x[i] && x < geometry->tab_x[i] + geometry->tab_width[i]) {
			go_to_tab(model, (enum top_screen)i);
			return;
		}
	for (unsigned int i = 0;
		geometry->has_heading && y == geometry->heading_y && i < geometry->slot_count; i++)
		if (x >= geometry->slots[i].x &&
			x < geometry->slots[i].x + geometry->slots[i].width) {
			choose_column(model, geometry->slots[i].column);
			return;
		}
	if (y >= geometry->body_y && y < geometry->body_y + geometry->body_height)
		click_row(model, top_model_level(model)->first + (y - geometry->body_y));
}
