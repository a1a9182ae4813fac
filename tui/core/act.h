#ifndef DWELL_TUI_ACT_H
#define DWELL_TUI_ACT_H

#include "core/tui.h"

/* What requests do: each is told of in the table of core/request.h. */
void act_move(struct tui *tui, int cells);
void act_select_row(struct tui *tui, int64_t lines);
void act_page(struct tui *tui, int sign);
void act_to_end(struct tui *tui, bool end);
void act_select_time(struct tui *tui);
void act_stretch(struct tui *tui);
void act_cancel(struct tui *tui);
void act_zoom_item(struct tui *tui);
void act_zoom_selection(struct tui *tui);
void act_follow_waker(struct tui *tui);
void act_follow_holder(struct tui *tui);
void act_turn_flag(struct tui *tui, unsigned flag);
void act_fold_all(struct tui *tui);
void act_show_all(struct tui *tui);
void act_turn_others(struct tui *tui);
void act_alive(struct tui *tui);
void act_next_group(struct tui *tui);
void act_next_sort(struct tui *tui);
void act_change_details(struct tui *tui);
void act_change_bound(struct tui *tui, bool up);
void act_exchange_mark(struct tui *tui);
void act_set_mark(struct tui *tui);
void act_show_screen(struct tui *tui, enum tui_screen screen);
void act_turn_screen(struct tui *tui, int by);
void act_open_save(struct tui *tui, enum tui_prompt_kind kind, const char *ending);

#endif
