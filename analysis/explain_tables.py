"""What each table of results means, how it is computed, and where the formula comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """One table: its meaning in plain words, its columns, its formula and its source."""

    meaning: str
    columns: tuple[str, ...]
    formula: str
    source: str


def _about(meaning: str, columns: str, formula: str, source: str) -> Explanation:
    return Explanation(meaning, tuple(columns.split()), formula, source)


WEIGHTS = "Kane, Kingsbury, Colton & Estes 1989, JEM 26, 17-27, for products; README.md, Weights"
BASES = (
    "sum_importance sum_importance_x_frequency mean_of_products mean_of_scales z_mix time_share kane_log_performers "
    "kane_log_x_performing kane_equalised rasch_expected_jmle rasch_exp_jmle rasch_expected_cml rasch_exp_cml"
)
_TABLES = {
    "task_stats": _about(
        "How each task was rated: number of ratings, mean, spread, interval and distribution. Importance is of those "
        "who perform the task; frequency has zeros for the others, NAME_performers has not.",
        "scale task_id n mean sd se ci_low ci_high median min max",
        "mean = sum x / n; sd with n - 1; se = sd / sqrt(n); interval = mean -/+ t(n - 1) se; count_k = answers of k",
        "O*NET publishes its means so; DEFINITIONS.md",
    ),
    "performing": _about(
        "How many of those who answered perform each task.",
        "task_id n_answered n_performing share_performing se_wald wilson_low wilson_high",
        "p = k / n; (p + z2/2n -/+ z sqrt(p(1 - p)/n + z2/4n2)) / (1 + z2/n)",
        "Wilson 1927, JASA 22, 209-212",
    ),
    "task_weight_basis": _about(
        "How much each task matters, by every method. All domain weights are sums of these numbers.",
        f"task_id domain_id subdomain_id {BASES}",
        "see each column; a task without the ratings an index needs is empty and counts 0",
        WEIGHTS,
    ),
    "domain_weights": _about(
        "The share of the exam of each domain and subdomain by each method, over all tasks.",
        "level method unit n_tasks raw_sum weight",
        "W_d = sum of x_t over the unit's tasks / sum over all tasks (or the same with means: plan's 'within')",
        WEIGHTS,
    ),
    "allocation": _about(
        "Whole items of each unit for several exam lengths, over all tasks. Nine-decimal ties go to the earlier unit.",
        "level method total unit quota items_lr items_lr_min5",
        "whole part of weight x total, the rest to the largest remainders",
        "Hamilton's method: Balinski & Young 2001, Fair Representation",
    ),
    "bootstrap_weights": _about(
        "How far the weights would move with other respondents of the same kind.",
        "level method unit estimate boot_mean boot_se perc_low perc_high R",
        "respondents drawn with replacement within form and stratum; percentile interval, (R + 1) p-th ordered value",
        "Davison & Hinkley 1997, Bootstrap Methods and their Application",
    ),
    "retention": _about(
        "Which tasks the retention rule keeps, sends to the panel or drops, and why. Each measure has a column.",
        "task_id domain_id decision retained reason task_index",
        "a measure passes at or above its cut, is open from the review limit up, fails below",
        "the plan's rule; O*NET's core tasks follow from relevance 0.67 and importance 3",
    ),
    "blueprint": _about(
        "Weights and whole items of the retained tasks: domains first, then within each domain.",
        "level unit name parent n_tasks n_retained raw_sum weight ci_low ci_high quota items minimum maximum note",
        "as domain_weights and allocation, retained tasks only, within the plan's minima and maxima",
        WEIGHTS,
    ),
    "alpha": _about(
        "Whether tasks of a scope go together over respondents. High alpha says nothing about weights.",
        "scale scope rule k n_rows n_complete raw_alpha std_alpha feldt_low feldt_high mean_r note",
        "k/(k - 1) (1 - trace C / sum C), C = covariances of the tasks; Feldt's F interval",
        "Cronbach 1951; Feldt, Woodruff & Salih 1987, APM 11, 93",
    ),
    "alpha_if_deleted": _about(
        "Alpha without each task, and the task's correlation with the others.",
        "scale scope rule task_id alpha_if_deleted r_drop",
        "alpha of the other tasks from the same C; r_drop = sum_j C_ij / sqrt(C_ii sum of C without i)",
        "psych::alpha (R)",
    ),
    "icc": _about(
        "How far respondents agree on which tasks matter. Read the single-rater rows: means of many are always high.",
        "scale scope method type icc F df1 df2 p low high n_targets n_judges note",
        "ICC1 = (MSB - MSW)/(MSB + (k - 1) MSW) and so on; REML: ICC2 = t/(t + r + e), ICC3 = t/(t + e)",
        "Shrout & Fleiss 1979; McGraw & Wong 1996",
    ),
    "rwg": _about(
        "How far respondents agree on each task: 1 = all alike, 0 = as spread as uniform ratings.",
        "scale task_id group n variance rwg_raw rwg_truncated ad_mean ad_median rwg_maximum awg",
        "1 - s2 / ((A2 - 1)/12), A points; a_wg = 1 - 2 s2 / {[(H + L)M - M2 - HL] n/(n - 1)}",
        "James, Demaree & Wolf 1984; Brown & Hauenstein 2005",
    ),
    "rwgj": _about(
        "The same over all tasks of a scope. r_wg(J) grows with the number of tasks; rwgj_star does not.",
        "scale scope group J n_complete rwgj_listwise rwgj_available ad_mean_listwise ad_mean_available rwgj_star "
        "rwgj_maximum",
        "J(1 - q)/(J(1 - q) + q), q = mean s2 / ((A2 - 1)/12) cut at 1; star: 1 - q uncut",
        "James, Demaree & Wolf 1984; Lindell, Brandt & Whitney 1999",
    ),
    "krippendorff": _about(
        "Agreement of respondents over tasks for any number of raters and gaps: 1 = full, 0 = as by chance.",
        "scale scope metric alpha n_units n_pairable",
        "1 - sum o d / sum e d over coincidences",
        "Krippendorff 2011",
    ),
    "variance_components": _about(
        "How much of the variance of ratings is between tasks, between respondents, and rest.",
        "scale model component variance n_ratings note",
        "REML for y = mean + task + respondent + rest, and with tasks within domains",
        "Bates, Maechler, Bolker & Walker 2015 (the criterion)",
    ),
    "g_coefficients": _about(
        "How well the task means order tasks (G) and place them (Phi) with the respondents there are.",
        "scale n_respondents_harmonic g_relative phi_absolute intercept n_tasks n_ratings note",
        "G = t/(t + e/n); Phi = t/(t + (r + e)/n)",
        "Brennan 2001, Generalizability Theory",
    ),
    "d_study": _about(
        "The same for other numbers of respondents: how many are enough.",
        "scale n_respondents g_relative phi_absolute note",
        "G and Phi with other n",
        "Brennan 2001, Generalizability Theory",
    ),
    "group_means": _about(
        "Mean rating of each task in each group.",
        "scale variable level task_id n mean",
        "mean of the group's ratings",
        "DEFINITIONS.md",
    ),
    "profile_correlations": _about(
        "Whether two groups order the tasks alike.",
        "scale variable group_a group_b n_tasks pearson spearman mean_abs_diff",
        "correlation over tasks of the two profiles of means",
        "DEFINITIONS.md",
    ),
    "agreement_index": _about(
        "Whether two groups would keep the same tasks: share of tasks on the same side of a cut.",
        "variable group_a group_b cut n_tasks both_above both_below index",
        "(both above + both below) / tasks",
        "customary in practice analysis reports; DEFINITIONS.md",
    ),
    "group_tests": _about(
        "Whether groups rate a task differently. With many respondents small differences test as sure: read eta2.",
        "variable task_id n k_groups eta2 F df1 df2 p_F H df p_kw p_kw_holm p_kw_bh",
        "one-way analysis of variance; Kruskal-Wallis with ties; Holm and Benjamini-Hochberg over tasks",
        "Kruskal & Wallis 1952; Holm 1979; Benjamini & Hochberg 1995",
    ),
    "two_group_effects": _about(
        "How large the difference of two groups is on each task: beyond 0.5 is worth the panel's time.",
        "variable group_a group_b task_id n_a n_b diff cohens_d hedges_g welch_t welch_df welch_p welch_p_holm "
        "welch_p_bh",
        "d = (a - b)/pooled SD; g = d G(df/2)/(sqrt(df/2) G((df - 1)/2)); Welch's t",
        "Hedges 1981; Welch 1947",
    ),
    "representativeness": _about(
        "Whether those who answered resemble the population.",
        "variable n chi2 df p cohens_w p_holm n_unknown note",
        "chi2 = sum (O - E)2/E; w = sqrt(chi2/n)",
        "Cohen 1988",
    ),
    "representativeness_cells": _about(
        "The same level by level: who is over- and under-represented.",
        "variable level population_share observed expected std_residual",
        "(O - E)/sqrt(n p (1 - p))",
        "DEFINITIONS.md",
    ),
    "rake_weights": _about(
        "Weights that make respondents match the population. Describes single persons: for data review only.",
        "respondent_id weight_population weight_mean1",
        "iterative proportional fitting from equal weights, cut and raked again where the plan trims",
        "Deming & Stephan 1940",
    ),
    "weighted_means": _about(
        "Task means with raking weights, to set beside the plain ones.",
        "scale task_id n weighted_mean se_fixed_weights se_fixed_weights_fpc se_raked se_raked_fpc",
        "sum wy / sum w; linearized standard errors; 1 - n/N for the finite population",
        "Lumley, survey (R); Deville & Sarndal 1992",
    ),
    "domain_weights_raked": _about(
        "Domain weights with raking weights: if they differ little, use the plain ones and say so.",
        "level method unit n_tasks weight",
        "as domain_weights with every mean weighted",
        "DEFINITIONS.md",
    ),
    "person_quality": _about(
        "Signs of careless answering, response by response. Describes single persons: for data review only.",
        "respondent_id n_importance n_frequency n_importance_asked longstring_importance longstring_frequency "
        "irv_importance person_total_r duration_seconds seconds_per_rating mahalanobis_d2",
        "see each column",
        "Curran 2016; careless (R)",
    ),
    "identical_respondents": _about(
        "Pairs of responses with the same answers throughout.",
        "respondent_a respondent_b",
        "equal answers and equal gaps on both scales",
        "DEFINITIONS.md",
    ),
    "rasch_tasks": _about(
        "Importance on a measured scale, free of who happened to rate the task. High delta = less important.",
        "method task_id n raw_score delta se infit outfit note",
        "log P(k)/P(k - 1) = theta - delta - tau_k; joint estimates are about L/(L - 1) too wide",
        "Andrich 1978; Wright & Masters 1982",
    ),
    "rasch_thresholds": _about(
        "Where the next higher point becomes the likelier one.", "method step tau", "sum tau = 0", "Andrich 1978"
    ),
    "rasch_categories": _about(
        "Whether the points of the scale work: measures and thresholds should rise.",
        "method value n mean_measure threshold",
        "mean of theta - delta over the ratings on the point",
        "Linacre 2002",
    ),
    "rasch_persons_jmle": _about(
        "Each respondent's leniency. Describes single persons: for data review only.",
        "respondent_id theta se",
        "joint ML; se = 1/sqrt(sum of variances)",
        "Wright & Masters 1982",
    ),
    "method_comparison": _about(
        "Weights, ranks and items by every method side by side. If methods agree, the choice matters little.",
        "level method unit weight rank items chosen weight_change rank_change items_change note",
        "domain_weights by each method; items by the plan's rule, without minima; changes against the plan's method",
        WEIGHTS,
    ),
    "sensitivity": _about(
        "What each choice moves: the blueprint's domains with one option or one exclusion rule changed at a time.",
        "option plan_value value unit weight weight_change items items_change items_moved tasks_retained n_respondents "
        "note",
        "the blueprint again with the change; items_moved = sum of |changes| / 2",
        "this program; cf. sensitivity analysis in Raymond & Neustel 2006",
    ),
    "unanswered": _about(
        "Which tasks respondents left unanswered, counted only where they were asked: tasks on their form, and scales "
        "that non-performers are not asked only of the others.",
        "scale task_id n_offered n_answered n_unanswered share_unanswered",
        "n_unanswered / n_offered",
        "this program",
    ),
    "sensitivity_options": _about(
        "Every option of the plan: what it was changed to, or why it moves no weight, item or retained task.",
        "option plan_value tried reason",
        "none: a list of the changes in the table sensitivity",
        "this program",
    ),
    "retention_sensitivity": _about(
        "How many tasks would be kept, reviewed or dropped if a cut lay elsewhere.",
        "cut_number measure shift cut keep review drop changed tasks",
        "the retention rule with one cut (and its review limit) moved",
        "this program",
    ),
    "bootstrap_items": _about(
        "How far the whole items of a unit would move with other respondents of the same kind.",
        "level method unit total estimate boot_mean perc_low perc_high share_same R",
        "each resample (by form and stratum) made whole items by the plan's rule; percentiles, outward to whole items",
        "Davison & Hinkley 1997, Bootstrap Methods and their Application",
    ),
    "precision_forecast": _about(
        "How many more responses would make each weight as precise as the plan wants. A forecast, not a promise.",
        "level unit weight half_width items_half_width wanted n population still_needed note",
        "half width shrinks by sqrt(1/n - 1/N), or sqrt(1/n) where N is unknown",
        "Cochran 1977, Sampling Techniques",
    ),
    "participation": _about(
        "Who took part, group by group, beside the population.",
        "variable level n n_rated share population population_share response_share",
        "counts and shares",
        "this program",
    ),
    "crosstab": _about(
        "Two background questions crossed: of those with one answer, how many gave the other.",
        "row_variable row_level column_variable column_level n n_row share wilson_low wilson_high",
        "share = n / n_row; Wilson interval",
        "Wilson 1927, Journal of the American Statistical Association 22, 209-212",
    ),
    "crosstab_tests": _about(
        "Whether the answers to two background questions go together, and how closely.",
        "row_variable column_variable n chi2 df p cramers_v smallest_expected note",
        "chi2 = sum (O - E)2/E without correction; V = sqrt(chi2 / (n min(rows - 1, columns - 1)))",
        "Cramer 1946, Mathematical Methods of Statistics, ch. 21",
    ),
    "blueprint_two_way": _about(
        "Items of each domain and cognitive level; rows and columns add up.",
        "unit cognitive_level quota items",
        "controlled rounding: each cell its quota rounded down or up, nearest table to the quotas",
        "Bacharach 1966, Management Science 12, 732-742",
    ),
}
DOCUMENTS = {
    "rake_summary": _about(
        "How raking went and what it costs in precision.", "", "deff = n sum w2 / (sum w)2; n_eff = n/deff", "Kish 1965"
    ),
    "rasch_summary": _about(
        "Fit and separation of the Rasch model.", "", "separation = true SD / error SD", "Wright & Masters 1982"
    ),
}
TABLES: dict[str, Explanation] = _TABLES | DOCUMENTS
