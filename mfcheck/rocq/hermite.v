(* --- the sum of k E[f h_k]^2 over the orthonormal Hermite polynomials h_k --- *)
Definition Coefficient (f : R -> R) (k : nat) : R := Mean (fun x => f x * (Pairs.he k x / sqrt (INR (fact k)))).
Definition Hermite (f : R -> R) : R := Series (fun k => INR k * Coefficient f k ^ 2).
(* All coefficients exist, and the series converges. *)
Definition has_hermite (f : R -> R) : Prop :=
  (forall k, has_mean (fun x => f x * (Pairs.he k x / sqrt (INR (fact k))))) /\ ex_series (fun k => INR k * Coefficient f k ^ 2).

Module Hermites.
Import Pairs.
(* --- the derivative of a formula --- *)
Definition null (t : term) : bool := match t with Num 0 => true | _ => false end.
Definition multiplied (a b : term) : term := if null a then Num 0 else if null b then Num 0 else Mul a b.
Definition added (a b : term) : term := if null a then b else if null b then a else Add a b.
Fixpoint rate (t : term) : term :=
  match t with
  | Var => Num 1 | Par _ => Num 0 | Num _ => Num 0 | Neg a => multiplied (Num (-1)) (rate a)
  | Add a b => added (rate a) (rate b) | Sub a b => added (rate a) (multiplied (Num (-1)) (rate b))
  | Mul a b => added (multiplied (rate a) b) (multiplied a (rate b))
  | Div a b => multiplied (rate a) (Div (Num 1) b)
  | Pow a n => match n with O => Num 0 | S m => multiplied (multiplied (Num (Z.of_nat n)) (Pow a m)) (rate a) end
  | Tanh a => multiplied (Sub (Num 1) (Pow (Tanh a) 2)) (rate a)
  | Exp a => multiplied (Exp a) (rate a)
  | Max _ _ => Num 0 | Min _ _ => Num 0
  end.
(* What has this derivative: no corners, and divisors do not vary. *)
Fixpoint level (t : term) : bool :=
  match t with
  | Var => true | Par _ => true | Num _ => true | Neg a => level a | Pow a _ => level a | Exp a => level a | Tanh a => level a
  | Add a b => level a && level b | Sub a b => level a && level b | Mul a b => level a && level b
  | Div a b => level a && fixed b | Max _ _ => false | Min _ _ => false
  end.
Lemma null_value : forall e t x, null t = true -> value e t x = 0.
Proof. intros e t x. destruct t as [| |[]| | | | | | | | | |]; try discriminate. reflexivity. Qed.
Lemma added_value : forall e a b x, value e (added a b) x = value e a x + value e b x.
Proof.
  intros. unfold added. destruct (null a) eqn:A; [|destruct (null b) eqn:B; auto].
  rewrite (null_value e a x A). ring. rewrite (null_value e b x B). ring.
Qed.
Lemma multiplied_value : forall e a b x, value e (multiplied a b) x = value e a x * value e b x.
Proof.
  intros. unfold multiplied. destruct (null a) eqn:A; [|destruct (null b) eqn:B; auto].
  rewrite (null_value e a x A). simpl. ring. rewrite (null_value e b x B). simpl. ring.
Qed.
Lemma rate_correct : forall e t, level t = true -> forall x, is_derive (value e t) x (value e (rate t) x).
Proof.
  induction t; cbn [level rate]; intros H x; parts; try discriminate H; rewrite ?added_value, ?multiplied_value.
  - exact (is_derive_id x).
  - exact (is_derive_const (List.nth k e 0) x).
  - exact (is_derive_const (IZR z) x).
  - replace (value e (Num (-1)) x * value e (rate t) x) with (- value e (rate t) x) by (simpl; ring).
    apply (is_derive_opp (value e t)). auto.
  - apply (is_derive_plus (value e t1) (value e t2)); auto.
  - replace (value e (rate t1) x + value e (Num (-1)) x * value e (rate t2) x) with
      (value e (rate t1) x - value e (rate t2) x) by (simpl; ring).
    apply (is_derive_minus (value e t1) (value e t2)); auto.
  - apply (is_derive_mult (value e t1) (value e t2)); auto. intros; apply Rmult_comm.
  - assert (E : forall y, value e t1 y * value e (Div (Num 1) t2) x = value e (Div t1 t2) y).
    { intros. cbn [value]. rewrite (fixed_correct e t2 x y) by auto. unfold Rdiv. ring. }
    apply (is_derive_ext (fun y => value e t1 y * value e (Div (Num 1) t2) x)). exact E.
    replace (value e (rate t1) x * value e (Div (Num 1) t2) x) with
      (plus (mult (value e (rate t1) x) (value e (Div (Num 1) t2) x)) (mult (value e t1 x) 0)) by (unfold plus, mult; simpl; ring).
    apply (is_derive_mult (value e t1) (fun _ => value e (Div (Num 1) t2) x)); auto. exact (is_derive_const _ x). intros; apply Rmult_comm.
  - destruct n. exact (is_derive_const 1 x). rewrite !multiplied_value.
    replace (value e (Num (Z.of_nat (S n))) x * value e (Pow t n) x * value e (rate t) x) with
      (INR (S n) * value e (rate t) x * value e t x ^ Nat.pred (S n)) by (cbn [value Nat.pred]; rewrite <- INR_IZR_INZ; ring).
    apply (is_derive_pow (value e t)). auto.
  - rewrite Rmult_comm. apply (is_derive_comp exp (value e t)); auto. apply is_derive_exp.
  - rewrite Rmult_comm. apply (is_derive_comp tanh (value e t)); auto. apply is_derive_tanh.
Qed.
(* --- Parseval, for what has a derivative that does not grow too fast --- *)
Definition part (f : R -> R) (r : nat) : R := Mean (fun x => f x * he r x).
Lemma by_parts : forall f f', (forall x, is_derive f x (f' x)) -> (forall x, continuous f' x) -> fine f -> fine f' ->
  forall r, part f (S r) = part f' r.
Proof.
  intros f f' D C F F' r. unfold part.
  assert (F1 : fine (fun x => f x * he (S r) x)) by (apply fine_mult; auto; apply fine_he).
  assert (F2 : fine (fun x => f' x * he r x)) by (apply fine_mult; auto; apply fine_he).
  assert (K := stein (fun x => f x * he r x) (fun x => f' x * he r x + f x * (INR r * he' r x))).
  enough (E : Mean (fun x => f x * he (S r) x - f' x * he r x) = 0) by (rewrite mean_minus in E by auto; lra).
  rewrite <- K. f_equal. apply functional_extensionality. intros. rewrite he_step. ring.
  - intros. apply (is_derive_mult f (he r)); auto. apply he_derive. intros; apply Rmult_comm.
  - intros. apply (continuous_plus (fun x => f' x * he r x)). apply (continuous_mult f' (he r)); auto. apply he_continuous.
    apply (continuous_mult f (fun x => INR r * he' r x)). apply (ex_derive_continuous f). eexists; apply D.
    apply (continuous_mult (fun _ => INR r) (he' r)). apply continuous_const. apply he'_continuous.
  - apply fine_mult; auto. apply fine_he.
  - apply fine_plus; auto. apply fine_mult; auto. apply fine_scale, fine_he'.
Qed.
(* The mean of f(X) f(Y) is near that of f^2 where the correlation is near 1. *)
Section Near.
Variables (f f' : R -> R) (C D : R) (k l : nat).
Hypothesis derivative : forall x, is_derive f x (f' x).
Hypothesis f_fine : fine f.
Hypothesis C_nonneg : 0 <= C.
Hypothesis D_nonneg : 0 <= D.
Hypothesis f_bound : forall x, Rabs (f x) <= C * exp (INR k * Rabs x).
Hypothesis f'_bound : forall x, Rabs (f' x) <= D * exp (INR l * Rabs x).
Lemma moved : forall c s x z, 0 <= c <= 1 -> 0 <= s <= 1 ->
  Rabs (f (c * x + s * z) - f x) <= D * (1 - c + s) * exp (INR (S l) * Rabs x) * exp (INR (S l) * Rabs z).
Proof.
  intros c s x z Hc Hs. destruct (MVT_gen f x (c * x + s * z) f') as [t [T E]].
  - intros. apply derivative.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous f). eexists; apply derivative.
  - rewrite E, Rabs_mult. pose proof (Rabs_pos x) as X. pose proof (Rabs_pos z) as Z.
    assert (Y : Rabs (c * x + s * z) <= Rabs x + Rabs z).
    { apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult, (Rabs_pos_eq c), (Rabs_pos_eq s) by lra. nra. }
    assert (B : Rabs t <= Rabs x + Rabs z).
    { assert (X0 : Rabs x <= Rabs x + Rabs z) by lra. apply Rabs_le_between in X0, Y. apply Rabs_le.
      unfold Rmin, Rmax in T. destruct (Rle_dec x (c * x + s * z)); lra. }
    assert (M : Rabs (c * x + s * z - x) <= (1 - c + s) * (Rabs x + Rabs z)).
    { replace (c * x + s * z - x) with (- ((1 - c) * x) + s * z) by ring. apply Rle_trans with (1 := Rabs_triang _ _).
      rewrite Rabs_Ropp, !Rabs_mult, (Rabs_pos_eq (1 - c)), (Rabs_pos_eq s) by lra. nra. }
    replace (D * (1 - c + s) * exp (INR (S l) * Rabs x) * exp (INR (S l) * Rabs z)) with
      ((D * exp (INR l * (Rabs x + Rabs z))) * ((1 - c + s) * exp (Rabs x + Rabs z))).
    + apply Rmult_le_compat; try apply Rabs_pos.
      * apply Rle_trans with (1 := f'_bound t). apply Rmult_le_compat_l; auto. apply exp_more, Rmult_le_compat_l; auto. apply pos_INR.
      * apply Rle_trans with (1 := M). apply Rmult_le_compat_l. lra. pose proof (exp_ineq1_le (Rabs x + Rabs z)). lra.
    + rewrite S_INR. replace (exp ((INR l + 1) * Rabs x)) with (exp (INR l * Rabs x) * exp (Rabs x)) by (rewrite <- exp_plus; f_equal; ring).
      replace (exp ((INR l + 1) * Rabs z)) with (exp (INR l * Rabs z) * exp (Rabs z)) by (rewrite <- exp_plus; f_equal; ring).
      rewrite Rmult_plus_distr_l, !exp_plus. ring.
Qed.
Definition growing : R := Mean (fun z => exp (INR (S l) * Rabs z)).
Lemma smooth_near : forall c x, 0 <= c < 1 ->
  Rabs (f x - smooth_out c f x) <= D * (1 - c + sqrt (1 - c ^ 2)) * growing * exp (INR (S l) * Rabs x).
Proof.
  intros c x Hc. assert (I : Rabs c < 1) by (rewrite Rabs_pos_eq; lra). pose proof (s_positive c I) as S1. pose proof (s_small c I) as S2.
  destruct (smoothed c I f f_fine x) as [_ E]. unfold smooth_out. rewrite <- E. clear E. set (s := sqrt (1 - c ^ 2)) in *.
  assert (F1 : fine (fun z => f (c * x + s * z))).
  { destruct f_fine as [_ _]. apply fine_continuous.
    - intros. apply (continuous_comp (fun z => c * x + s * z) f). apply (ex_derive_continuous (fun z => c * x + s * z)). auto_derive. auto.
      apply (ex_derive_continuous f). eexists; apply derivative.
    - exists (C * exp (INR k * Rabs x)), k. split. apply Rmult_le_pos; auto. left; apply exp_pos. intros z.
      apply Rle_trans with (1 := f_bound _). rewrite Rmult_assoc, <- exp_plus. apply Rmult_le_compat_l; auto. apply exp_more.
      rewrite <- Rmult_plus_distr_l. apply Rmult_le_compat_l. apply pos_INR. apply Rle_trans with (1 := Rabs_triang _ _).
      rewrite !Rabs_mult, (Rabs_pos_eq c), (Rabs_pos_eq s) by lra. pose proof (Rabs_pos x). pose proof (Rabs_pos z). nra. }
  assert (F0 : fine (fun _ => f x)) by apply fine_const.
  assert (M : f x = Mean (fun _ => f x)).
  { replace (fun _ : R => f x) with (fun _ : R => f x * 1) by (apply functional_extensionality; intros; ring).
    rewrite (mean_scale (f x) (fun _ => 1)) by apply fine_const. rewrite mean_one. ring. }
  rewrite M at 1. rewrite <- mean_minus by auto. pose proof (fine_exp (S l)) as FE.
  replace (D * (1 - c + s) * growing * exp (INR (S l) * Rabs x)) with ((D * (1 - c + s) * exp (INR (S l) * Rabs x)) * growing) by ring.
  unfold growing. rewrite <- mean_scale by auto. apply mean_abs. now apply fine_minus. now apply fine_scale.
  intros z. rewrite <- Rabs_Ropp. replace (- (f x - f (c * x + s * z))) with (f (c * x + s * z) - f x) by ring. apply moved; lra.
Qed.
Lemma pair_near : exists K, 0 <= K /\ forall c, 0 <= c < 1 ->
  Mean (fun x => f x ^ 2) - Pair c f f <= K * (1 - c + sqrt (1 - c ^ 2)).
Proof.
  set (G := fun x => C * exp (INR k * Rabs x) * exp (INR (S l) * Rabs x)).
  pose proof (fine_exp (S l)) as FE. assert (FG : fine G) by (apply fine_mult; auto; apply fine_scale, fine_exp).
  assert (G0 : 0 <= growing) by (apply mean_nonneg; auto; intros; left; apply exp_pos).
  assert (G1 : 0 <= Mean G). { apply mean_nonneg; auto. intros. unfold G. apply Rmult_le_pos. apply Rmult_le_pos; auto. left; apply exp_pos. left; apply exp_pos. }
  exists (D * growing * Mean G). split. apply Rmult_le_pos; auto. now apply Rmult_le_pos.
  intros c Hc. assert (I : Rabs c < 1) by (rewrite Rabs_pos_eq; lra). pose proof (s_positive c I) as S1.
  destruct (pair_is c I f f f_fine f_fine) as [_ ->]. set (s := sqrt (1 - c ^ 2)) in *.
  assert (FS : fine (smooth_out c f)) by now apply fine_smooth_out.
  assert (F1 : fine (fun x => f x * smooth_out c f x)) by now apply fine_mult. pose proof (fine_square f f_fine) as F2.
  rewrite <- mean_minus by auto. replace (D * growing * Mean G * (1 - c + s)) with ((D * (1 - c + s) * growing) * Mean G) by ring.
  rewrite <- mean_scale by auto. apply mean_le. now apply fine_minus. now apply fine_scale. intros x.
  replace (f x ^ 2 - f x * smooth_out c f x) with (f x * (f x - smooth_out c f x)) by ring.
  apply Rle_trans with (1 := Rle_abs _). rewrite Rabs_mult. unfold G.
  replace (D * (1 - c + s) * growing * (C * exp (INR k * Rabs x) * exp (INR (S l) * Rabs x))) with
    ((C * exp (INR k * Rabs x)) * (D * (1 - c + s) * growing * exp (INR (S l) * Rabs x))) by ring.
  apply Rmult_le_compat; auto using Rabs_pos. now apply smooth_near.
Qed.
End Near.
Lemma total_le : forall n f g, (forall i, f i <= g i) -> total n f <= total n g.
Proof. induction n; simpl; intros. lra. apply Rplus_le_compat; auto. Qed.
(* Bessel. *)
Lemma bessel : forall f n, fine f -> total n (fun r => part f r ^ 2 / INR (fact r)) <= Mean (fun x => f x ^ 2).
Proof.
  intros f n F. set (w := fun r => part f r / INR (fact r)). set (T := fun x => total n (fun r => w r * he r x)).
  assert (FH : forall r, fine (fun x => w r * he r x)) by (intros; apply fine_scale, fine_he).
  assert (FT : fine T) by now apply (fine_total n (fun r x => w r * he r x)).
  assert (M1 : Mean (fun x => f x * T x) = total n (fun r => part f r ^ 2 / INR (fact r))).
  { replace (fun x => f x * T x) with (fun x => total n (fun r => w r * (f x * he r x))).
    - rewrite (mean_total n (fun r x => w r * (f x * he r x))).
      + apply total_ext. intros. rewrite (mean_scale (w i) (fun x => f x * he i x)). unfold w, part, Rdiv. ring.
        apply fine_mult; auto. apply fine_he.
      + intros. apply fine_scale, fine_mult; auto. apply fine_he.
    - apply functional_extensionality. intros. unfold T. rewrite <- total_scale. apply total_ext. intros; ring. }
  assert (M2 : Mean (fun x => T x * T x) = total n (fun r => part f r ^ 2 / INR (fact r))).
  { replace (fun x => T x * T x) with (fun x => total n (fun r => w r * (T x * he r x))).
    - rewrite (mean_total n (fun r x => w r * (T x * he r x))).
      2: { intros. apply fine_scale, fine_mult; auto. apply fine_he. }
      assert (MT : forall r, (r < n)%nat -> Mean (fun x => T x * he r x) = part f r).
      { intros r Hr. replace (fun x => T x * he r x) with (fun x => total n (fun i => w i * (he i x * he r x))).
        - rewrite (mean_total n (fun i x => w i * (he i x * he r x))).
          2: { intros. apply fine_scale, fine_mult; apply fine_he. }
          rewrite (total_ext n _ (fun i => w i * (if Nat.eqb i r then INR (fact r) else 0))).
          rewrite (total_delta n _ (fun _ => INR (fact r)) r) by auto. unfold w. field. apply Rgt_not_eq, fact_positive.
          intros. rewrite (mean_scale (w i) (fun x => he i x * he r x)), orthogonal. reflexivity. apply fine_mult; apply fine_he.
        - apply functional_extensionality. intros. unfold T. rewrite (Rmult_comm (total _ _)), <- total_scale. apply total_ext. intros; ring. }
      apply total_ext. intros. rewrite (mean_scale (w i) (fun x => T x * he i x)), MT by (auto; apply fine_mult; auto; apply fine_he).
      unfold w, Rdiv. ring.
    - apply functional_extensionality. intros. change (T x * T x) with (T x * total n (fun r => w r * he r x)). rewrite <- total_scale. apply total_ext. intros; ring. }
  assert (Q : 0 <= Mean (fun x => (f x - T x) ^ 2)).
  { apply mean_nonneg. now apply fine_square, fine_minus. intros; apply pow2_ge_0. }
  assert (A1 : fine (fun x => f x ^ 2)) by now apply fine_square. assert (A2 : fine (fun x => 2 * (f x * T x))) by now apply fine_scale, fine_mult.
  assert (A3 : fine (fun x => T x * T x)) by now apply fine_mult.
  replace (fun x => (f x - T x) ^ 2) with (fun x => f x ^ 2 - 2 * (f x * T x) + T x * T x) in Q by (apply functional_extensionality; intros; ring).
  rewrite (mean_plus (fun x => f x ^ 2 - 2 * (f x * T x)) (fun x => T x * T x)) in Q by (auto; now apply fine_minus).
  rewrite (mean_minus (fun x => f x ^ 2) (fun x => 2 * (f x * T x))) in Q by auto.
  rewrite (mean_scale 2 (fun x => f x * T x)), M1, M2 in Q by now apply fine_mult. lra.
Qed.
Lemma total_sum : forall f n, sum_n f n = total (S n) f.
Proof. intros. induction n. rewrite sum_O. symmetry. exact (Rplus_0_r (f O)). rewrite sum_Sn, IHn, (total_last (S n)). reflexivity. Qed.
Theorem parseval : forall f f' C k D l, (forall x, is_derive f x (f' x)) -> fine f -> 0 <= C -> 0 <= D ->
  (forall x, Rabs (f x) <= C * exp (INR k * Rabs x)) -> (forall x, Rabs (f' x) <= D * exp (INR l * Rabs x)) ->
  is_series (fun r => part f r ^ 2 / INR (fact r)) (Mean (fun x => f x ^ 2)).
Proof.
  intros f f' C k D l Df F C0 D0 B B'. set (E := Mean (fun x => f x ^ 2)). set (a := fun r => part f r ^ 2 / INR (fact r)).
  assert (E0 : 0 <= E) by (apply mean_nonneg; [now apply fine_square | intros; apply pow2_ge_0]).
  assert (a0 : forall r, 0 <= a r). { intros. apply Rmult_le_pos. apply pow2_ge_0. left. apply Rinv_0_lt_compat, fact_positive. }
  assert (Mono : forall m n, (m <= n)%nat -> total m a <= total n a).
  { intros m n H. induction H. lra. rewrite total_last. specialize (a0 m0). lra. }
  assert (Enough : forall eps, 0 < eps -> exists n, E - eps <= total n a).
  { intros eps He. destruct (pair_near f f' C D k l Df F C0 D0 B B') as [K [K0 N]].
    (* s below eps/(4 K + 4), and 1 - c <= s^2 <= s *)
    set (u := Rmin (1 / 2) (eps / (4 * K + 4))). assert (U : 0 < u <= 1 / 2).
    { unfold u. split. apply Rmin_pos. lra. apply Rdiv_lt_0_compat; lra. apply Rmin_l. }
    assert (U2 : (4 * K + 4) * u <= eps).
    { apply Rle_trans with ((4 * K + 4) * (eps / (4 * K + 4))). apply Rmult_le_compat_l. lra. apply Rmin_r. right. field. lra. }
    set (c := sqrt (1 - u ^ 2)). assert (V : 0 < 1 - u ^ 2 < 1) by nra.
    assert (C2 : c ^ 2 = 1 - u ^ 2) by (unfold c; apply pow2_sqrt; lra). assert (C1 : 0 < c) by (apply sqrt_lt_R0; lra).
    assert (C3 : c < 1) by nra. assert (I : Rabs c < 1) by (rewrite Rabs_pos_eq; lra).
    assert (S2 : sqrt (1 - c ^ 2) = u). { rewrite C2. replace (1 - (1 - u ^ 2)) with (u * u) by ring. apply sqrt_square. lra. }
    specialize (N c ltac:(lra)). rewrite S2 in N. assert (N2 : K * (1 - c + u) <= eps / 2) by nra.
    destruct (pow_lt_1_zero c I (eps * u / (2 * (E + 1)))) as [n Hn]. { apply Rdiv_lt_0_compat; nra. }
    exists n. specialize (Hn n (le_n n)).
    pose proof (pair_series c I f F f n F) as P. rewrite S2 in P. fold E in P.
    set (T := total n _) in P. assert (TT : T <= total n a).
    { apply total_le. intros i. unfold Pairs.part. fold (part f i).
      replace (c ^ i / INR (fact i) * (part f i * part f i)) with (c ^ i * a i) by (unfold a, Rdiv; ring).
      rewrite <- (Rmult_1_l (a i)) at 2. apply Rmult_le_compat_r; auto. rewrite <- (pow1 i). apply pow_incr. lra. }
    assert (R1 : Pair c f f - T <= E * c ^ n / u).
    { apply Rle_trans with (1 := Rle_abs _). rewrite <- (Rabs_pos_eq (E * c ^ n / u)).
      - apply pow_maj_Rabs_. apply Rle_trans with (1 := P). right. rewrite <- pow_mult, Nat.mul_comm, pow_mult. field. lra.
      - apply Rmult_le_pos. apply Rmult_le_pos; auto. apply pow_le. lra. left. apply Rinv_0_lt_compat. lra. }
    assert (R2 : E * c ^ n / u <= eps / 2).
    { rewrite Rabs_pos_eq in Hn by (apply pow_le; lra). apply Rle_trans with ((E + 1) * (eps * u / (2 * (E + 1))) / u).
      - apply Rmult_le_compat_r. left. apply Rinv_0_lt_compat. lra. apply Rmult_le_compat; try lra. apply pow_le. lra.
      - right. field. lra. }
    unfold E in *. lra. }
  apply is_series_Reals. intros eps He. destruct (Enough (eps / 2) ltac:(lra)) as [n0 Hn]. exists n0. intros n Hm.
  rewrite <- sum_n_Reals, total_sum. pose proof (Mono n0 (S n) ltac:(lia)) as M. pose proof (bessel f (S n) F) as BS. fold a E in BS.
  unfold R_dist. apply Rabs_def1; lra.
Qed.
Lemma root_fact : forall k, 0 < sqrt (INR (fact k)).
Proof. intros. apply sqrt_lt_R0, fact_positive. Qed.
Lemma coefficient_is : forall f k, fine f -> has_mean (fun x => f x * (he k x / sqrt (INR (fact k)))) /\
  Coefficient f k = part f k / sqrt (INR (fact k)).
Proof.
  intros f k F. pose proof (root_fact k). assert (FP : fine (fun x => f x * he k x)) by (apply fine_mult; auto; apply fine_he).
  replace (fun x => f x * (he k x / sqrt (INR (fact k)))) with (fun x => / sqrt (INR (fact k)) * (f x * he k x)) by
    (apply functional_extensionality; intros; unfold Rdiv; ring).
  split. now apply fine_exists, fine_scale. unfold Coefficient.
  replace (fun x => f x * (he k x / sqrt (INR (fact k)))) with (fun x => / sqrt (INR (fact k)) * (f x * he k x)) by
    (apply functional_extensionality; intros; unfold Rdiv; ring).
  rewrite mean_scale by auto. unfold part, Rdiv. ring.
Qed.
(* The sum of k E[f h_k]^2 is the mean of the square of the derivative. *)
Theorem hermite_is : forall f f' f'' C k D l, (forall x, is_derive f x (f' x)) -> (forall x, is_derive f' x (f'' x)) -> fine f ->
  0 <= C -> 0 <= D -> (forall x, Rabs (f' x) <= C * exp (INR k * Rabs x)) -> (forall x, Rabs (f'' x) <= D * exp (INR l * Rabs x)) ->
  has_hermite f /\ Hermite f = Mean (fun x => f' x ^ 2).
Proof.
  intros f f' f'' C k D l D1 D2 F C0 D0 B1 B2.
  assert (C' : forall x, continuous f' x) by (intros; apply (ex_derive_continuous f'); eexists; apply D2).
  assert (F' : fine f') by (apply fine_continuous; auto; exists C, k; auto).
  pose proof (parseval f' f'' C k D l D2 F' C0 D0 B1 B2) as P.
  assert (S1 : is_series (fun k => INR k * Coefficient f k ^ 2) (Mean (fun x => f' x ^ 2))).
  { assert (S0 : is_series (fun r => INR (S r) * Coefficient f (S r) ^ 2) (Mean (fun x => f' x ^ 2))).
    { apply (is_series_ext (fun r => part f' r ^ 2 / INR (fact r))); auto. intros r. rewrite <- (by_parts f f') by auto.
      destruct (coefficient_is f (S r) F) as [_ ->]. pose proof (root_fact (S r)). pose proof (fact_positive r). pose proof (fact_positive (S r)).
      replace ((part f (S r) / sqrt (INR (fact (S r)))) ^ 2) with (part f (S r) ^ 2 / sqrt (INR (fact (S r))) ^ 2) by (field; lra).
      rewrite pow2_sqrt by lra. change (fact (S r)) with (S r * fact r)%nat. rewrite mult_INR. pose proof (lt_0_INR (S r) ltac:(lia)). reals. field. lra. }
    apply (is_series_decr_1 (fun k => INR k * Coefficient f k ^ 2)).
    refine (eq_ind _ (fun v => is_series _ v) S0 _ _).
    change (Mean (fun x => f' x ^ 2) = Mean (fun x => f' x ^ 2) + - (0 * Coefficient f 0 ^ 2)). ring. }
  split. split. intros j. now apply coefficient_is. eexists; exact S1. now apply is_series_unique.
Qed.
Definition hermite_check (p q : F.precision) (l : list box) (t : term) (d : nat) (D a : Z) (ends : list Z) (lo hi : Z * Z) : bool :=
  match growth q (boxes q l) t, growth q (boxes q l) (rate t), growth q (boxes q l) (rate (rate t)) with
  | Some _, Some _, Some _ => tame true t && level t && level (rate t) && mean_check p q l (Pow (rate t) 2) d D a ends lo hi
  | _, _, _ => false
  end.
Theorem hermite_bounds : forall p q l t d D a ends lo hi, hermite_check p q l t d D a ends lo hi = true ->
  forall e, List.Forall2 boxed l e -> has_hermite (value e t) /\
    IZR (fst lo) / IZR (snd lo) <= Hermite (value e t) <= IZR (fst hi) / IZR (snd hi).
Proof.
  intros p q l t d D a ends lo hi K e HE. unfold hermite_check in K. pose proof (boxes_correct q l e HE) as HQ.
  destruct (growth q (boxes q l) t) as [[X0 k0]|] eqn:G0; try discriminate K.
  destruct (growth q (boxes q l) (rate t)) as [[X1 k1]|] eqn:G1; try discriminate K.
  destruct (growth q (boxes q l) (rate (rate t))) as [[X2 k2]|] eqn:G2; try discriminate K. parts.
  destruct (growth_correct q _ e HQ (rate t) X1 k1 G1) as [c1 [P1 [_ B1]]].
  destruct (growth_correct q _ e HQ (rate (rate t)) X2 k2 G2) as [c2 [P2 [_ B2]]].
  destruct (hermite_is (value e t) (value e (rate t)) (value e (rate (rate t))) c1 k1 c2 k2) as [HH ->]; auto.
  - now apply rate_correct.
  - now apply rate_correct.
  - exact (fine_term q l t e X0 k0 HE ltac:(assumption) G0 false).
  - split; auto. apply (mean_bounds p q l (Pow (rate t) 2) d D a ends lo hi ltac:(assumption) e HE).
Qed.
End Hermites.
