/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of text onto a terminal, keys out of it: see top_terminal.h. ncurses is met here only.
 */
#include "cli/top_terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

#define ESCAPE_MS	25 /* a lone Esc is one after this */
#define PAIR_BAD	1
#define PAIR_WARNING	2
#define PAIR_FIRST_NAME 8
#define WHEEL_ROWS	3

static struct {
	SCREEN *screen;
	bool has_color;
	bool has_palette; /* 256 colours */
} terminal;

/* ---- open and close ---- */

/* The terminal first, then whatever the signal does without us. */
static void on_crash(int signal_number)
{
	endwin();
	raise(signal_number);
}

static void catch_crashes(void)
{
	const struct sigaction action = { .sa_handler = on_crash,
		.sa_flags = SA_RESETHAND | SA_NODEFER };
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* What is drawn is UTF-8, in whatever language the rest of the world is. */
static void use_utf8(void)
{
	setlocale(LC_CTYPE, "");
	if (!str_equal(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

static void use_colors(bool has_color)
{
	terminal.has_color =
		has_color && has_colors() && start_color() == OK && use_default_colors() == OK;
	if (!terminal.has_color)
		return;
	init_pair(PAIR_BAD, COLOR_RED, -1);
	init_pair(PAIR_WARNING, COLOR_YELLOW, -1);
	terminal.has_palette = COLORS >= 256 && COLOR_PAIRS >= 256;
	for (short code = 0; terminal.has_palette && code + PAIR_FIRST_NAME < 256; code++)
		init_pair((short)(PAIR_FIRST_NAME + code), code, -1);
}

static int refuse(const char *name, struct fail *fail)
{
	return fail_set(fail, -EOPNOTSUPP,
		"the terminal (TERM=%s) cannot be drawn on: set TERM to what it is, or take "
		"'skep top --once' for a table",
		name ? name : "");
}

int top_terminal_open(bool has_color, struct fail *fail)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail_set(fail, -ENOTTY,
			"this is no terminal: 'skep top --once' gives a table, -o json rows");
	if (!name || !name[0] || str_equal(name, "dumb"))
		return refuse(name, fail);
	use_utf8();
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen)
		return refuse(name, fail);
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1) {
		top_terminal_close();
		return refuse(name, fail);
	}
	catch_crashes();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	use_colors(has_color);
	return 0;
}

void top_terminal_close(void)
{
	if (!terminal.screen)
		return;
	endwin();
	delscreen(terminal.screen);
	terminal.screen = NULL;
}

void top_terminal_resize(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}

void top_terminal_suspend(void)
{
	endwin();
	raise(SIGSTOP);
	/* Here it goes on. */
	top_terminal_resize();
	refresh();
}

/* ---- drawing ---- */

static attr_t attributes_of(enum top_style style)
{
	switch (style) {
	case TOP_PLAIN:
		return A_NORMAL;
	case TOP_DIM:
	case TOP_HEADING:
		return A_DIM;
	case TOP_BOLD:
		return A_BOLD;
	case TOP_SELECTED:
		return A_REVERSE;
	case TOP_BAD:
		return A_BOLD | (terminal.has_color ? COLOR_PAIR(PAIR_BAD) : 0);
	case TOP_WARNING:
		return A_BOLD | (terminal.has_color ? COLOR_PAIR(PAIR_WARNING) : 0);
	default:
		return terminal.has_palette && (int)style - TOP_SOURCE + PAIR_FIRST_NAME < 256
			       ? COLOR_PAIR((int)style - TOP_SOURCE + PAIR_FIRST_NAME)
			       : A_NORMAL;
	}
}

static void put(
	void *context, unsigned int y, unsigned int x, enum top_style style, const char *text)
{
	attrset(attributes_of(style));
	mvaddstr((int)y, (int)x, text);
}

void top_terminal_draw(struct top_model *model)
{
	const struct top_canvas canvas = {
		.width = (unsigned int)COLS,
		.height = (unsigned int)LINES,
		.put = put,
	};

	erase();
	top_draw(model, &canvas);
	refresh();
}

/* ---- keys ---- */

static uint32_t key_of(wint_t key)
{
	static const struct {
		wint_t code;
		uint32_t key;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP },
		{ KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_LEFT, TOP_KEY_LEFT },
		{ KEY_RIGHT, TOP_KEY_RIGHT },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },
		{ KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER },
		{ KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ KEY_BTAB, TOP_KEY_BACKTAB },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		if (keys[i].code == key)
			return keys[i].key;
	return 0;
}

static uint32_t character_of(wint_t character)
{
	switch (character) {
	case '\r':
	case '\n':
		return TOP_KEY_ENTER;
	case '\t':
		return TOP_KEY_TAB;
	case 0x1b:
		return TOP_KEY_ESCAPE;
	case 0x7f:
	case '\b':
		return TOP_KEY_BACKSPACE;
	default:
		return (uint32_t)character;
	}
}

static void take_mouse(struct top_model *model)
{
	MEVENT event;

	if (getmouse(&event) != OK || event.y < 0 || event.x < 0)
		return;
	if (event.bstate & BUTTON4_PRESSED)
		top_model_move(model, -WHEEL_ROWS);
	else if (event.bstate & BUTTON5_PRESSED)
		top_model_move(model, WHEEL_ROWS);
	else
		top_model_click(model, (unsigned int)event.y, (unsigned int)event.x);
}

bool top_terminal_keys(struct top_model *model)
{
	bool has_any = false;
	wint_t key;
	int kind;

	/* What is typed after the last key is for whoever has the terminal next. */
	while (!model->is_over && (kind = get_wch(&key)) != ERR) {
		has_any = true;
		if (kind == KEY_CODE_YES && key == KEY_MOUSE)
			take_mouse(model);
		else if (kind == KEY_CODE_YES && key_of(key))
			top_model_key(model, key_of(key));
		else if (kind == OK)
			top_model_key(model, character_of(key));
	}
	return has_any;
}
