# Makes the template units textflixd@.service and textflixd@.socket from the plain ones: an instance
# NAME has /etc/textflix/NAME.json, /etc/default/textflixd-NAME and /run/textflix/NAME.sock. The
# cache is shared: packed weights are named by their content.
s|^Description=Textflix text classification|& of %i|
s|/etc/textflix/textflixd\.json|/etc/textflix/%i.json|g
s|/etc/default/textflixd|/etc/default/textflixd-%i|
s|/run/textflix/textflix\.sock|/run/textflix/%i.sock|
s|textflixd\.socket|textflixd@%i.socket|g
