/* By testdata/statistics.py, NumPy 2.4.6, SciPy 1.17.1. */
static const struct {
	unsigned a, b;
	double at, low, high;
} shifts[] = {
	{ 5, 5, 0.110438787, -0.744036579, 0.780978281 },
	{ 5, 7, 0.491437012, 0.167641286, 1.1648735 },
	{ 10, 10, 0.124650082, -0.222495566, 0.533531835 },
	{ 20, 30, 0.196775638, -0.0871362531, 0.490240775 },
};
static const struct {
	unsigned a, b;
	double u, p;
} mann_whitney[] = {
	{ 5, 5, 2, 0.0158730159 },
	{ 5, 5, 3, 0.0277777778 },
	{ 4, 9, 10, 0.13006993 },
	{ 10, 10, 23, 0.0216285263 },
	{ 30, 40, 450, 0.0379626274 },
};
static const double normal_p[] = { 0.5, 0.975, 0.99, 0.99999 };
static const double normal_z[] = { 0, 1.95996398, 2.32634787, 4.26489079 };
static const double permuted_statistic[] = { 0.852023192, 0.0464568879, 1.80370123, -0.146589014,
	1.0227225, 0.913827894, -0.999427227 };
static const double permuted_p[] = { 0.384920635, 0.928571429, 0.0119047619, 0.928571429,
	0.373015873, 0.384920635, 0.932539683 };
static const double permuted_critical[] = { 1.48374555 };
static const double dealt_statistic[] = { 0.673776054, 0.668181286, -0.880609931, 1.71635267,
	0.313533989, -0.747710998, 0.00291981407 };
static const double dealt_p[] = { 0.666666667, 0.666666667, 1, 0.019047619, 0.761904762, 1,
	0.847619048 };
static const double dealt_critical[] = { 1.51282198 };
static const double twelve_variance_median[] = { 0.096356586, 0.478408766, 0.534596698 };
static const double report_base[] = { 100001826, 130692150, 109641241, 107018364, 124312355,
	117757143 };
static const double report_head[] = { 150002087, 151743410, 151494752, 172306701, 158737929,
	175055783, 162545230, 164363924 };
/* median of the base, of the head; ratio, low, high; p, noise, threshold, seen from, runs needed */
static const double report_row[] = { 113699192, 160641580, 1.39871463, 1.2576419, 1.57155008,
	0.000333000333, 0.113840139, 1.11384014, 1.19269924, 61 };
