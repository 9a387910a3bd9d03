#include <mysql.h>
#include <errmsg.h>
#include <malloc.h>

/* Exported by libmariadb for its trace plugins (plugins/trace/trace_example.c), and declared in no header. The callback sees
   whatever was read (mode 0) or written (mode 1), decrypted; `length` is -1, which
   Swift shows as an Int, for a read that failed. */
int ma_pvio_register_callback(my_bool register_callback,
                              void (*callback)(int mode, MYSQL *mysql, const unsigned char *buffer, size_t length));
