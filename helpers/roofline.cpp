// How many multiply-adds a second this processor can do at most, a multiply-add counted as two operations.
//
//     roofline KERNEL THREADS SECONDS
//
// prints the operations a second of all threads together, the best of some rounds. Ends with status 2 when the
// processor, or the compiler that built this, knows no such kernel. Each kernel holds everything in registers and
// has enough independent chains to keep every unit busy, so that nothing but arithmetic takes time.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__AMX_TILE__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif
// AVX2 has 16 registers, two of which hold the factors; AVX-512 and ARM have 32.
#if defined(__AVX512F__) || defined(__aarch64__)
#define CHAINS 16
#else
#define CHAINS 12
#endif

#if defined(__AVX512F__)
#define REGISTER "v"
#elif defined(__x86_64__)
#define REGISTER "x"
#else
#define REGISTER "w"
#endif

constexpr int BURST = 4096;  // steps between two looks at the clock
constexpr int ROUNDS = 7;

// Runs something for every chain, its number known at compile time: only so does an array live in registers.
template <class Each, int... I>
static inline void chains(Each each, std::integer_sequence<int, I...>) { (each(std::integral_constant<int, I>()), ...); }

template <class Vector, class Step>
static void burst(Vector (&sums)[CHAINS], Step step) {
    constexpr auto all = std::make_integer_sequence<int, CHAINS>();
    asm volatile("" : "+m"(sums));  // the compiler must not know that all chains compute the same...
    Vector local[CHAINS];
    chains([&](auto n) { local[n] = sums[n]; }, all);
    for (int i = 0; i < BURST; i++)
        chains([&](auto n) {
            local[n] = step(local[n]);
            asm volatile("" : "+" REGISTER (local[n]));  // and must leave each where it is, without moves in between
        }, all);
    chains([&](auto n) { sums[n] = local[n]; }, all);
    asm volatile("" : "+m"(sums));  // ... nor that nobody reads it
}

template <class Number>
struct Fma {
    static constexpr double operations = 2.0 * CHAINS * BYTES / sizeof(Number);
    typedef Number Vector __attribute__((vector_size(BYTES)));
    Vector sums[CHAINS] = {}, factor, term;
    Fma() : factor(Vector{} + Number(0.999)), term(Vector{} + Number(0.001)) {}
    void run() {
        Vector a = factor, b = term;
        burst(sums, [=](Vector sum) { return sum * a + b; });
    }
};

#if defined(__AVX512BF16__)
struct Bf16 {
    static constexpr double operations = 2.0 * CHAINS * 32;
    __m512 sums[CHAINS] = {};
    __m512bh one = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.5f));
    void run() {
        __m512bh a = one;
        burst(sums, [=](__m512 sum) { return _mm512_dpbf16_ps(sum, a, a); });
    }
};
#endif

#if defined(__AVX512VNNI__)
struct Int8 {
    static constexpr double operations = 2.0 * CHAINS * 64;
    __m512i sums[CHAINS] = {}, one = _mm512_set1_epi8(1);
    void run() {
        __m512i a = one;
        burst(sums, [=](__m512i sum) { return _mm512_dpbusd_epi32(sum, a, a); });
    }
};
#elif defined(__AVXVNNI__)
struct Int8 {
    static constexpr double operations = 2.0 * CHAINS * 32;
    __m256i sums[CHAINS] = {}, one = _mm256_set1_epi8(1);
    void run() {
        __m256i a = one;
        burst(sums, [=](__m256i sum) { return _mm256_dpbusd_avx_epi32(sum, a, a); });
    }
};
#endif

#if defined(__AMX_TILE__) && defined(__linux__)
// Eight tiles of 16 rows of 64 bytes: four of sums, two of each factor.
struct Amx {
    Amx() {
        struct alignas(64) { unsigned char palette = 1, start = 0, unused[14] = {}; unsigned short width[16] = {}; unsigned char rows[16] = {}; } shape;
        for (int i = 0; i < 8; i++) shape.width[i] = 64, shape.rows[i] = 16;
        _tile_loadconfig(&shape);
        _tile_zero(0); _tile_zero(1); _tile_zero(2); _tile_zero(3);
        _tile_zero(4); _tile_zero(5); _tile_zero(6); _tile_zero(7);
    }
    ~Amx() { _tile_release(); }
};
#if defined(__AMX_BF16__)
struct AmxBf16 : Amx {
    static constexpr double operations = 4 * 2.0 * 16 * 16 * 32;
    void run() {
        for (int i = 0; i < BURST; i++) {
            _tile_dpbf16ps(0, 4, 6); _tile_dpbf16ps(1, 4, 7); _tile_dpbf16ps(2, 5, 6); _tile_dpbf16ps(3, 5, 7);
        }
    }
};
#endif
#if defined(__AMX_INT8__)
struct AmxInt8 : Amx {
    static constexpr double operations = 4 * 2.0 * 16 * 16 * 64;
    void run() {
        for (int i = 0; i < BURST; i++) {
            _tile_dpbusd(0, 4, 6); _tile_dpbusd(1, 4, 7); _tile_dpbusd(2, 5, 6); _tile_dpbusd(3, 5, 7);
        }
    }
};
#endif
static bool tiles_allowed() {  // Linux gives the tiles only to a process that asks
    return syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* tile data */) == 0;
}
#endif

template <class Kernel>
static double rate(double seconds) {
    using clock = std::chrono::steady_clock;
    Kernel kernel;
    kernel.run();
    double passed, bursts = 0;
    auto start = clock::now();
    do {
        kernel.run();
        bursts++;
        passed = std::chrono::duration<double>(clock::now() - start).count();
    } while (passed < seconds);
    return bursts * BURST * Kernel::operations / passed;
}

template <class Kernel>
static int measure(int threads, double seconds) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        std::vector<double> rates(threads);
        std::vector<std::thread> workers;
        std::atomic<int> ready{0};
        for (int i = 0; i < threads; i++)
            workers.emplace_back([&, i] {
                ready++;
                while (ready < threads) std::this_thread::yield();  // all at once, or none is disturbed by another
                rates[i] = rate<Kernel>(seconds);
            });
        for (auto &worker : workers) worker.join();
        double sum = std::accumulate(rates.begin(), rates.end(), 0.0);
        if (sum > best) best = sum;
    }
    std::printf("%.6e\n", best);
    return 0;
}

int main(int count, char **arguments) {
    if (count != 4) return 1;
    auto is = [&](const char *name) { return std::strcmp(arguments[1], name) == 0; };
    int threads = std::atoi(arguments[2]);
    double seconds = std::atof(arguments[3]);
    if (is("float32")) return measure<Fma<float>>(threads, seconds);
    if (is("float64")) return measure<Fma<double>>(threads, seconds);
#if defined(__AVX512BF16__)
    if (is("bfloat16")) return measure<Bf16>(threads, seconds);
#endif
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
    if (is("int8")) return measure<Int8>(threads, seconds);
#endif
#if defined(__AMX_BF16__) && defined(__linux__)
    if (is("bfloat16-amx") && tiles_allowed()) return measure<AmxBf16>(threads, seconds);
#endif
#if defined(__AMX_INT8__) && defined(__linux__)
    if (is("int8-amx") && tiles_allowed()) return measure<AmxInt8>(threads, seconds);
#endif
    return 2;
}
