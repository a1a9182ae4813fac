#include "dwell/verify.h"

#include "dwell/reader.h"
#include "src/borrowed.h"

int dwell_repair(struct dwell_bytes *bytes, struct dwell_output *output, struct dwell_diag *diag)
{
	struct borrowed_bytes borrowed;
	struct dwell_reader *reader = NULL;
	struct dwell_encoder *encoder = NULL;
	int err = dwell_reader_open(&reader, dwell_bytes_borrow(&borrowed, bytes), diag);

	if (err)
		return err;
	err = dwell_encoder_new(&encoder, output, NULL);
	if (!err) {
		struct dwell_source *source = dwell_reader_source(reader);

		err = dwell_source_drive(source, NULL, dwell_encoder_sink(encoder));
		if (err && diag)
			*diag = dwell_encoder_diag(encoder)->what[0] ? *dwell_encoder_diag(encoder)
								     : *source->ops->diag(source);
	}
	dwell_encoder_free(encoder);
	dwell_reader_close(reader);
	return err;
}
