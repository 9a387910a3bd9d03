/* floor USER TARGETS BATCH STATEMENTS [BATCH STATEMENTS …]
 *
 * The minimum cost of collecting: one thread and one persistent connection per node, the same statements in the same
 * batch as the exporter's, every row read and discarded. No names, no comparison, no text.
 *
 * USER       the account; its password is in the environment variable FLOOR_PASSWORD
 * TARGETS    a file with one node per line: HOST PORT BATCH-NUMBER, counted from 0
 * BATCH      a file with the statements as they are sent
 * STATEMENTS the number of statements in it
 *
 * Communicates over its standard input, a socket: writes "ready" when all are connected; for each line it reads, it asks
 * all nodes once and writes how many of them answered every statement. */
#include <errno.h>
#include <mysql.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct node {
    char host[64];
    unsigned port;
    int batch;
    MYSQL *mysql;
};

struct batch {
    char *text;
    unsigned long length;
    int statements;
};

static const char *user, *password;
static struct batch batches[8];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begin = PTHREAD_COND_INITIALIZER;
static pthread_cond_t end = PTHREAD_COND_INITIALIZER;
static int round_number, outstanding, complete;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}

static char *read_file(const char *path, unsigned long *length) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path, strerror(errno));
    char *text = NULL;
    size_t capacity = 0;
    ssize_t count = getdelim(&text, &capacity, EOF, file);
    if (count < 0) fail(path, "cannot be read, or is empty");
    *length = (unsigned long)count;
    fclose(file);
    return text;
}

static void connect_to(struct node *node) {
    node->mysql = mysql_init(NULL);
    unsigned protocol = MYSQL_PROTOCOL_TCP;
    mysql_options(node->mysql, MYSQL_OPT_PROTOCOL, &protocol);
    if (!mysql_real_connect(node->mysql, node->host, user, password, NULL, node->port, NULL,
                            CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS))
        fail(node->host, mysql_error(node->mysql));
}

/* The number of statements that were answered. */
static int ask(struct node *node) {
    const struct batch *batch = &batches[node->batch];
    if (mysql_real_query(node->mysql, batch->text, batch->length)) return 0;
    int answers = 0, next;
    do {
        MYSQL_RES *result = mysql_use_result(node->mysql);
        if (result) {
            while (mysql_fetch_row(result)) {
            }
            mysql_free_result(result);
        }
        if (mysql_errno(node->mysql)) return answers;
        answers++;
    } while ((next = mysql_next_result(node->mysql)) == 0);
    return answers;
}

__attribute__((noreturn)) static void *work(void *argument) {
    struct node *node = argument;
    connect_to(node);
    int seen = 0;
    pthread_mutex_lock(&mutex);
    complete++;
    if (--outstanding == 0) pthread_cond_signal(&end);
    for (;;) {
        while (round_number == seen) pthread_cond_wait(&begin, &mutex);
        seen = round_number;
        pthread_mutex_unlock(&mutex);
        int answers = ask(node);
        pthread_mutex_lock(&mutex);
        complete += answers == batches[node->batch].statements;
        if (--outstanding == 0) pthread_cond_signal(&end);
    }
}

static void wait_for_all(void) {
    while (outstanding > 0) pthread_cond_wait(&end, &mutex);
}

int main(int count, char **arguments) {
    int batch_count = (count - 3) / 2;
    if (batch_count < 1 || batch_count > 8 || count % 2 == 0)
        fail("usage", "floor USER TARGETS BATCH STATEMENTS [BATCH STATEMENTS ...]");
    user = arguments[1];
    password = getenv("FLOOR_PASSWORD");
    for (int i = 0; i < batch_count; i++) {
        batches[i].text = read_file(arguments[3 + 2 * i], &batches[i].length);
        batches[i].statements = atoi(arguments[4 + 2 * i]);
    }
    FILE *targets = fopen(arguments[2], "r");
    if (!targets) fail(arguments[2], strerror(errno));

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    mysql_server_init(0, NULL, NULL);

    struct node *nodes = NULL;
    int node_count = 0;
    struct node node = {0};
    while (fscanf(targets, "%63s %u %d", node.host, &node.port, &node.batch) == 3) {
        if (node.batch < 0 || node.batch >= batch_count) fail(arguments[2], "there is no such batch");
        nodes = realloc(nodes, sizeof *nodes * (size_t)(node_count + 1));
        if (!nodes) fail("targets", "out of memory");
        nodes[node_count++] = node;
    }
    fclose(targets);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    outstanding = node_count;
    for (int i = 0; i < node_count; i++) {
        pthread_t thread;
        int status = pthread_create(&thread, &attributes, work, &nodes[i]);
        if (status) fail("pthread_create", strerror(status));
    }
    pthread_mutex_lock(&mutex);
    wait_for_all();
    dprintf(STDIN_FILENO, "ready\n");
    char line[8];
    for (;;) {
        /* Held while idle: no thread needs it before the next round. */
        if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
        outstanding = node_count;
        complete = 0;
        round_number++;
        pthread_cond_broadcast(&begin);
        wait_for_all();
        dprintf(STDIN_FILENO, "%d\n", complete);
    }
}
