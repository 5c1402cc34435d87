/* SPDX-License-Identifier: MIT */
#include "checkpoints.h"

#include "command.h"
#include "message.h"
#include "same_file.h"
#include "shell_word.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

int checkpoints_is_pair(const checkpoint_settings *s) {
    return s->path && s->resume && same_file(s->path, s->resume);
}

int checkpoints_agree(checkpoint_settings *s, int force, int *exit_code) {
    struct stat status;
    *exit_code = EXIT_USAGE;
    if (!s->path && (s->every.seconds > 0 || s->every.steps)) {
        message_error("option --every: there is no --checkpoint to write: name its file");
        return 0;
    }
    *exit_code = EXIT_FAILED;
    if (!s->path) return 1;
    if (stat(s->path, &status) != 0) {
        s->begins = errno == ENOENT && checkpoints_is_pair(s); /* any other error shows in use */
        if (s->begins) message_note("%s is not there yet: the fit begins at its start", s->path);
        return 1;
    }
    if (force || checkpoints_is_pair(s) || !S_ISREG(status.st_mode)) return 1;
    message_error("%s: exists already: give --resume %s to go on from it, or --force to begin anew",
                  s->path, s->path);
    return 0;
}

tdrop_checkpoint_options checkpoints_options(const checkpoint_settings *s) {
    return (tdrop_checkpoint_options){.path = s->path,
                                      .every_seconds = s->every.seconds,
                                      .every_steps = s->every.steps,
                                      .resume = s->begins ? NULL : s->resume};
}

static void note_resumed(checkpoints *c, const tdrop_fit_checkpoint *told, uint32_t epochs) {
    const tdrop_fit_progress *now = told->progress;
    const size_t in_epoch = now->steps / epochs;
    c->resumed_seconds = now->seconds;
    c->resumed_epochs = (uint32_t)(now->step / in_epoch);
    if (told->done)
        message_note("%s: this fit is done, after %u of %u epochs: its model is made again",
                     told->path, (unsigned)c->resumed_epochs, (unsigned)epochs);
    else
        message_note("going on from %s: step %zu of %zu, in epoch %u of %u", told->path, now->step,
                     now->steps, (unsigned)c->resumed_epochs + 1, (unsigned)epochs);
}

void checkpoints_note(checkpoints *c, const tdrop_fit_checkpoint *told, uint32_t epochs) {
    const tdrop_fit_progress *now = told->progress;
    if (told->resumed) {
        note_resumed(c, told, epochs);
        return;
    }
    if (told->failure && !c->failing)
        message_error(
            "%s: training goes on, and it is tried again; an older checkpoint stays good: "
            "make room, or mend the folder",
            told->failure->message);
    else if (!told->failure && (c->failing || c->verbose))
        message_note("%s: checkpoint written%s at step %zu of %zu", told->path,
                     c->failing ? " again" : "", now->step, now->steps);
    c->failing = told->failure != NULL;
}

int checkpoints_end(const checkpoints *c, const checkpoint_settings *s) {
    if (!c->failing) return 1;
    message_error("%s: the last checkpoint could not be written: an older one, if there is one, is "
                  "what can be gone on from",
                  s->path);
    return 0;
}

char *checkpoints_command(const checkpoint_settings *s, const char *command) {
    char *line = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);
    if (!out) return NULL;
    fputs(command, out);
    if (!checkpoints_is_pair(s)) {
        fputs(" --resume ", out);
        shell_word_write(out, s->path);
    }
    if (fclose(out) == 0) return line;
    free(line);
    return NULL;
}
