(* --- pairs depend on the correlation without jumps --- *)
Module PairRoots.
Import Pairs.
Lemma part_bound : forall f n, fine f -> Rabs (Mean (fun x => f x * he n x)) <= sqrt (Mean (fun x => f x ^ 2)) * sqrt (INR (fact n)).
Proof.
  intros f n F. assert (M : 0 <= Mean (fun x => f x ^ 2)) by (apply mean_nonneg; [now apply fine_square | intros; apply pow2_ge_0]).
  rewrite <- sqrt_mult by (auto; apply pos_INR). rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. rewrite Rsqr_pow2.
  pose proof (mean_cauchy f (he n) F (fine_he n)) as C. replace (fun x => he n x ^ 2) with (fun x => he n x * he n x) in C by (apply
    functional_extensionality; intros; ring).
  rewrite orthogonal, Nat.eqb_refl in C. exact C.
Qed.
Lemma power_lip : forall m n c d, Rabs c <= m -> Rabs d <= m -> Rabs (c ^ n - d ^ n) <= INR n * m ^ pred n * Rabs (c - d).
Proof.
  intros m n c d C D. pose proof (Rabs_pos c) as C0. induction n as [|n]. simpl. rewrite Rminus_eq_0, Rabs_R0. lra.
  replace (c ^ S n - d ^ S n) with (c * (c ^ n - d ^ n) + d ^ n * (c - d)) by (simpl; ring).
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult, <- RPow_abs. pose proof (Rabs_pos (c - d)) as P. pose proof (Rabs_pos d) as D0.
  assert (A1 : Rabs c * Rabs (c ^ n - d ^ n) <= m * (INR n * m ^ pred n * Rabs (c - d))) by (apply Rmult_le_compat; auto; apply Rabs_pos).
  assert (A2 : Rabs d ^ n * Rabs (c - d) <= m ^ n * Rabs (c - d)) by (apply Rmult_le_compat_r; auto; now apply pow_incr).
  apply Rle_trans with (1 := Rplus_le_compat _ _ _ _ A1 A2). right. rewrite S_INR. destruct n; simpl; ring.
Qed.
Lemma total_slopes : forall m n, 0 <= m < 1 -> total n (fun r => INR r * m ^ pred r) <= / (1 - m) ^ 2.
Proof.
  intros m n M. assert (E : total n (fun r => INR r * m ^ pred r) + (INR n * m ^ pred n * (1 - m) + m ^ n) * / (1 - m) ^ 2 = / (1 - m) ^ 2).
  { induction n. simpl. ring. rewrite total_last. rewrite <- IHn at 2. rewrite S_INR. destruct n; simpl; field; lra. }
  assert (0 <= (INR n * m ^ pred n * (1 - m) + m ^ n) * / (1 - m) ^ 2); [|lra]. apply Rmult_le_pos.
  apply Rplus_le_le_0_compat. apply Rmult_le_pos; [apply Rmult_le_pos|lra]. apply pos_INR. apply pow_le; lra. apply pow_le; lra.
  left. apply Rinv_0_lt_compat. apply pow_lt. lra.
Qed.
Lemma total_abs : forall n f g, (forall i, Rabs (f i) <= g i) -> Rabs (total n f) <= total n g.
Proof.
  induction n; intros f g H; simpl. rewrite Rabs_R0. lra. apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; auto.
Qed.
Lemma pair_lip : forall f g m, fine f -> fine g -> 0 <= m < 1 -> exists L, 0 <= L /\
  forall c d, Rabs c <= m -> Rabs d <= m -> Rabs (Pair c f g - Pair d f g) <= L * Rabs (c - d).
Proof.
  intros f g m F G M. set (P := sqrt (Mean (fun x => f x ^ 2)) * sqrt (Mean (fun x => g x ^ 2))).
  assert (P0 : 0 <= P) by (apply Rmult_le_pos; apply sqrt_pos). assert (M2 : 0 < / (1 - m) ^ 2) by (apply Rinv_0_lt_compat, pow_lt; lra).
  exists (P * / (1 - m) ^ 2). split. apply Rmult_le_pos; lra. intros c d C D.
  pose proof F as [_ [c1 [k1 [C1 B1]]]]. pose proof G as [_ [c2 [k2 [C2 B2]]]].
  set (K := 2 * (c1 * exp (INR k1 ^ 2)) * (c2 * exp (INR k2 ^ 2))). assert (K0 : 0 <= K).
  { pose proof (exp_pos (INR k1 ^ 2)). pose proof (exp_pos (INR k2 ^ 2)). unfold K. repeat apply Rmult_le_pos; lra. }
  set (z := fun r => / INR (fact r) * (Mean (fun y => f y * he r y) * Mean (fun y => g y * he r y))).
  set (s := sqrt (1 - m ^ 2)). assert (S0 : 0 < s) by (apply sqrt_lt_R0; simpl; nra).
  assert (W : forall c n, Rabs c <= m -> Rabs (Pair c f g - total n (fun r => c ^ r * z r)) <= K / s * m ^ n).
  { clear c d C D. intros c n C. pose proof (pair_within c f g n c1 k1 c2 k2 ltac:(lra) F G C1 C2 B1 B2) as Q. fold K in Q.
    rewrite (total_ext n _ (fun r => c ^ r / INR (fact r) * (Mean (fun y => f y * he r y) * Mean (fun y => g y * he r y)))) by (intros; unfold z,
      Rdiv; ring).
    apply Rle_trans with (1 := Q). replace (K / s * m ^ n) with (K * (m ^ n / s)) by (unfold Rdiv; ring). apply Rmult_le_compat_l; auto.
    pose proof (Rabs_pos c). unfold Rdiv. apply Rmult_le_compat. now apply pow_le. left. apply Rinv_0_lt_compat, s_positive. lra. now apply pow_incr.
    apply Rinv_le_contravar; auto. apply sqrt_le_1_alt. rewrite <- (pow2_abs c). pose proof (pow_incr _ _ 2 (conj H C)). lra. }
  assert (Zb : forall r, Rabs (z r) <= P).
  { intros. unfold z. pose proof (fact_positive r) as FP. rewrite !Rabs_mult, (Rabs_pos_eq (/ _)) by (left; now apply Rinv_0_lt_compat).
    apply Rmult_le_reg_l with (INR (fact r)); auto. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
    replace (INR (fact r) * P) with ((sqrt (Mean (fun x => f x ^ 2)) * sqrt (INR (fact r))) * (sqrt (Mean (fun x => g x ^ 2)) * sqrt (INR (fact r)))).
    apply Rmult_le_compat; try apply Rabs_pos; now apply part_bound.
    unfold P. replace (INR (fact r)) with (sqrt (INR (fact r)) * sqrt (INR (fact r))) at 3 by (apply sqrt_sqrt; lra). ring. }
  apply le_epsilon. intros eps He. destruct (pow_lt_1_zero m) with (y := eps / (2 * (K / s) + 1)) as [n Hn].
  { rewrite Rabs_pos_eq; lra. }
  { assert (0 <= K / s) by (apply Rmult_le_pos; [auto | left; now apply Rinv_0_lt_compat]). apply Rdiv_lt_0_compat; lra. }
  specialize (Hn n (le_n n)). rewrite Rabs_pos_eq in Hn by (apply pow_le; lra). pose proof (W c n C) as Wc. pose proof (W d n D) as Wd.
  assert (KS : 0 <= K / s) by (apply Rmult_le_pos; [auto | left; now apply Rinv_0_lt_compat]).
  assert (T : Rabs (total n (fun r => c ^ r * z r) - total n (fun r => d ^ r * z r)) <= P * / (1 - m) ^ 2 * Rabs (c - d)).
  { replace (total n (fun r => c ^ r * z r) - total n (fun r => d ^ r * z r)) with (total n (fun r => (c ^ r - d ^ r) * z r)).
    - apply Rle_trans with (total n (fun r => P * Rabs (c - d) * (INR r * m ^ pred r))).
      + apply total_abs. intros. rewrite Rabs_mult. replace (P * Rabs (c - d) * (INR i * m ^ pred i)) with ((INR i * m ^ pred i * Rabs (c - d)) *
        P) by ring.
        apply Rmult_le_compat; try apply Rabs_pos; auto. now apply power_lip.
      + rewrite total_scale. replace (P * / (1 - m) ^ 2 * Rabs (c - d)) with (P * Rabs (c - d) * / (1 - m) ^ 2) by ring.
        apply Rmult_le_compat_l. apply Rmult_le_pos; auto. apply Rabs_pos. now apply total_slopes.
    - replace (total n (fun r => c ^ r * z r) - total n (fun r => d ^ r * z r)) with (total n (fun r => c ^ r * z r) + -1 * total n (fun r => d ^ r
      * z r)) by ring.
      rewrite <- total_scale, <- total_plus. apply total_ext. intros. ring. }
  assert (E2 : 2 * (K / s * m ^ n) <= eps).
  { apply (Rmult_lt_compat_r (2 * (K / s) + 1)) in Hn; [|lra]. unfold Rdiv at 2 in Hn. rewrite Rmult_assoc, Rinv_l in Hn by lra. pose proof (pow_le
    m n (proj1 M)). nra. }
  replace (Pair c f g - Pair d f g) with ((Pair c f g - total n (fun r => c ^ r * z r)) + ((total n (fun r => c ^ r * z r) - total n (fun r => d ^
    r * z r)) + - (Pair d f g - total n (fun r => d ^ r * z r)))) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). pose proof (Rabs_triang (total n (fun r => c ^ r * z r) - total n (fun r => d ^ r * z r)) (- (Pair d
    f g - total n (fun r => d ^ r * z r)))) as TT.
  rewrite Rabs_Ropp in TT. lra.
Qed.
(* Formulas that are means of functions which grow no faster than some exp(k|x|). *)
Fixpoint modest (t : term) : bool :=
  match t with
  | Var => true | Par _ => true | Num _ => true | Neg a => modest a | Pow a _ => modest a | Exp _ => false | Tanh a => modest a
  | Div a b => modest a && fixed b && tame false b
  | Add a b => modest a && modest b | Sub a b => modest a && modest b | Mul a b => modest a && modest b
  | Max a b => modest a && modest b | Min a b => modest a && modest b
  end.
Lemma tame_more : forall t, tame false t = true -> tame true t = true.
Proof.
  induction t; cbn [tame]; intros H; parts; auto; try discriminate H; try (now rewrite IHt1, IHt2 by auto).
Qed.
Lemma modest_fine : forall e t, modest t = true -> fine (value e t).
Proof.
  intros e t T. assert (HE : around (List.map (fun _ => I.nai) e) e).
  { intros k. rewrite List.map_nth with (d := 0) (f := fun _ => I.nai). apply holds_nai. }
  assert (G : forall u, modest u = true -> exists X k, growth (F.PtoP 30) (List.map (fun _ => I.nai) e) u = Some (X, k)).
  { induction u; cbn [modest growth]; intros H; parts; try discriminate H; try (eexists; eexists; reflexivity); auto;
      repeat match goal with IH : ?b = true -> exists _ _, _ |- _ => let N := fresh in assert (N : b = true) by auto; destruct (IH N) as [? [?
        ->]]; clear IH end;
      try (eexists; eexists; reflexivity).
    match goal with A : fixed _ = true, B : tame false _ = true |- _ => rewrite A, B end. simpl. eexists; eexists; reflexivity. }
  assert (C : tame true t = true).
  { clear - T. induction t; cbn [modest tame] in *; parts; auto; try discriminate T; try (now rewrite IHt1, IHt2 by auto).
    match goal with A : fixed _ = true, B : tame false _ = true |- _ => rewrite IHt1, A, (tame_more t2 B) by auto end. reflexivity. }
  destruct (G t T) as [X [k K]]. destruct (growth_correct (F.PtoP 30) _ e HE t X k K) as [c [C1 [_ C3]]].
  apply fine_continuous. intros; now apply tame_continuous. exists c, k. auto.
Qed.
Theorem lip_pair : forall a b e t u (c : R -> R) m n, modest t = true -> modest u = true -> (0 <= m < n)%Z ->
  lip a b c -> (forall z, a <= z <= b -> - (IZR m / IZR n) <= c z <= IZR m / IZR n) -> lip a b (fun z => Pair (c z) (value e t) (value e u)).
Proof.
  intros a b e t u c m n T U [M0 M1] [Lc [L0 L1]] B. assert (N : 0 < IZR n) by (apply IZR_lt; lia).
  assert (M : 0 <= IZR m / IZR n < 1).
  { split. apply Rmult_le_pos. now apply IZR_le. left; now apply Rinv_0_lt_compat. apply Rmult_lt_reg_r with (IZR n); auto. unfold Rdiv. rewrite
    Rmult_assoc, Rinv_l, Rmult_1_r, Rmult_1_l by lra. now apply IZR_lt. }
  destruct (pair_lip (value e t) (value e u) _ (modest_fine e t T) (modest_fine e u U) M) as [L [P Q]].
  exists (L * Lc). split. now apply Rmult_le_pos. intros z w Hz Hw.
  apply Rle_trans with (1 := Q (c z) (c w) ltac:(apply Rabs_le; auto) ltac:(apply Rabs_le; auto)). rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
Qed.
End PairRoots.
