#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"

/* All of stdin is held in memory where a file's bytes are asked for. */
#define STDIN_LIMIT (UINT64_C(1) << 30)

int input_open(struct dwell_bytes **out, const char *path)
{
	const int err = strcmp(path, "-") ? dwell_bytes_open_file(out, path)
					  : dwell_bytes_open_stream(out, 0, STDIN_LIMIT);

	return err ? input_complain(path, err, NULL) : STATUS_DONE;
}

static int write_all(struct dwell_output *self, const void *at, size_t size)
{
	struct output *output = (struct output *)self;

	return fwrite(at, 1, size, output->file) == size ? 0 : DWELL_EIO;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return b && !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int output_open(struct output *output, const char *path, const char *input)
{
	*output = (struct output){ .output.write = write_all, .path = path, .file = stdout };
	if (!path)
		return complain(STATUS_ASKED, "-o", "needed: where to write to");
	if (!strcmp(path, "-"))
		return isatty(STDOUT_FILENO) ? complain(STATUS_ASKED, "-o -",
						       "will not write a trace to a terminal")
					     : STATUS_DONE;
	if (is_same_file(path, input))
		return complain(STATUS_ASKED, path, "is what is read from");
	output->file = fopen(path, "wb");
	return output->file ? STATUS_DONE : complain(STATUS_REFUSED, path, "%s", strerror(errno));
}

static bool is_regular(FILE *file)
{
	struct stat status;

	return !fstat(fileno(file), &status) && S_ISREG(status.st_mode);
}

int output_close(struct output *output, int status)
{
	if (!output->file || output->file == stdout)
		return status;

	const bool remove_it = is_regular(output->file);
	bool failed = fflush(output->file) || ferror(output->file);
	const int why = errno;

	failed |= fclose(output->file) != 0;
	if (failed && !status)
		status = complain(STATUS_REFUSED, output->path, "%s", strerror(why));
	if (status && remove_it)
		remove(output->path);
	return status;
}

int output_encode(struct output *output, const char *path, struct dwell_source *source,
	const struct dwell_source_options *options, struct dwell_sink *first,
	struct dwell_encoder *encoder)
{
	const int err = dwell_source_drive(source, options, first);

	if (!err)
		return STATUS_DONE;
	if (ferror(output->file))
		return complain(STATUS_REFUSED, output->path, "%s", strerror(errno));

	const struct dwell_diag *diag = source->ops->diag ? source->ops->diag(source) : NULL;

	if (!diag || !*diag->what)
		diag = dwell_encoder_diag(encoder);
	return input_complain(path, err, diag);
}
