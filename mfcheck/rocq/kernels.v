(* --- kernel matrices of n unit vectors: sums of (1+r)^k mu_r^2 c^r, mu_r the Hermite coefficients, c = (1 + <x_a, x_b>)/2 --- *)
Module Kernels.
Import Pairs Hermites.
(* --- entrywise powers of a Gram matrix (Schur) --- *)
Lemma form_ext : forall n M L v, (forall i j, (i < n)%nat -> (j < n)%nat -> M i j = L i j) -> form n M v = form n L v.
Proof. intros. unfold form. apply sum_ext. intros. apply sum_ext. intros. rewrite H; auto. Qed.
Lemma form_square : forall n (y : nat -> R) v, form n (fun i j => y i * y j) v = sum n (fun i => y i * v i) ^ 2.
Proof.
  intros. unfold form. rewrite <- Rsqr_pow2. unfold Rsqr. rewrite <- sum_square. apply sum_ext. intros. apply sum_ext. intros. ring.
Qed.
Lemma schur : forall n K (y : nat -> R), (forall v, 0 <= form n K v) -> forall v, 0 <= form n (fun i j => K i j * (y i * y j)) v.
Proof.
  intros n K y H v. replace (form n (fun i j => K i j * (y i * y j)) v) with (form n K (fun i => y i * v i)); auto.
  unfold form. apply sum_ext. intros. apply sum_ext. intros. ring.
Qed.
Lemma form_sum : forall n d (K : nat -> nat -> nat -> R) v, form n (fun i j => sum d (fun k => K k i j)) v = sum d (fun k => form n (K k) v).
Proof.
  intros. unfold form. rewrite (sum_ext n _ (fun i => sum d (fun k => sum n (fun j => K k i j * v i * v j)))).
  - apply sum_swap.
  - intros. rewrite <- sum_swap. apply sum_ext. intros. rewrite Rmult_assoc, Rmult_comm, <- sum_scale. apply sum_ext. intros. ring.
Qed.
Section Points.
Variables (n d : nat) (x : nat -> nat -> R) (C : R).
Definition inner (a b : nat) : R := sum d (fun i => x a i * x b i).
Hypothesis unit_vectors : forall a, (a < n)%nat -> inner a a = 1.
Hypothesis apart : forall a b, (a < n)%nat -> (b < n)%nat -> a <> b -> inner a b <= C.
Definition half (a b : nat) : R := (1 + inner a b) / 2.
Definition q : R := (1 + C) / 2.
Lemma powers_nonneg : forall r v, 0 <= form n (fun a b => half a b ^ r) v.
Proof.
  induction r; intros v.
  - rewrite (form_ext n _ (fun i j => 1 * 1)) by (intros; simpl; ring). rewrite (form_square n (fun _ => 1)). apply pow2_ge_0.
  - rewrite (form_ext n _ (fun a b => sum (S d) (fun k => half a b ^ r *
      ((match k with O => / sqrt 2 | S j => x a j / sqrt 2 end) * (match k with O => / sqrt 2 | S j => x b j / sqrt 2 end))))).
    + rewrite (form_sum n (S d) (fun k a b => half a b ^ r *
        ((match k with O => / sqrt 2 | S j => x a j / sqrt 2 end) * (match k with O => / sqrt 2 | S j => x b j / sqrt 2 end)))).
      apply sum_nonneg. intros. apply (schur n _ (fun a => match i with O => / sqrt 2 | S j => x a j / sqrt 2 end)). auto.
    + intros a b _ _. rewrite sum_scale. change (half a b ^ S r) with (half a b * half a b ^ r). rewrite Rmult_comm. f_equal.
      assert (Q : forall m f, sum (S m) f = f O + sum m (fun i => f (S i))).
      { induction m; intros. simpl; ring. change (sum (S (S m)) f) with (sum (S m) f + f (S m)). rewrite IHm. cbn [sum]. ring. }
      assert (S2 : / sqrt 2 * / sqrt 2 = / 2).
      { rewrite <- Rinv_mult. rewrite sqrt_sqrt; lra. }
      rewrite Q, S2. rewrite (sum_ext d _ (fun i => / 2 * (x a i * x b i))).
      rewrite sum_scale. unfold half, inner. field. intros. unfold Rdiv.
      replace (x a i * / sqrt 2 * (x b i * / sqrt 2)) with (x a i * x b i * (/ sqrt 2 * / sqrt 2)) by ring. rewrite S2. ring.
Qed.
Lemma half_range : forall a b, (a < n)%nat -> (b < n)%nat -> 0 <= half a b <= 1.
Proof.
  intros. pose proof (unit_vectors a H) as U. pose proof (unit_vectors b H0) as V. unfold half, inner in *.
  assert (P : 0 <= sum d (fun i => (x a i + x b i) * (x a i + x b i))) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  assert (Q : 0 <= sum d (fun i => (x a i + -1 * x b i) * (x a i + -1 * x b i))) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  rewrite (sum_ext d _ (fun i => (x a i * x a i + x b i * x b i) + 2 * (x a i * x b i))) in P by (intros; ring).
  rewrite (sum_ext d _ (fun i => (x a i * x a i + x b i * x b i) + -2 * (x a i * x b i))) in Q by (intros; ring).
  rewrite !sum_plus, sum_scale in P, Q. lra.
Qed.
(* --- a diagonal of ones, other entries between 0 and q --- *)
Lemma cauchy : forall m (f g : nat -> R), sum m (fun i => f i * g i) ^ 2 <= sum m (fun i => f i * f i) * sum m (fun i => g i * g i).
Proof.
  intros. apply discriminant; try (apply sum_nonneg; intros; apply Rle_0_sqr). intros t.
  replace (sum m (fun i => f i * f i) - 2 * t * sum m (fun i => f i * g i) + t ^ 2 * sum m (fun i => g i * g i)) with
    (sum m (fun i => (f i + - t * g i) * (f i + - t * g i))). apply sum_nonneg; intros; apply Rle_0_sqr.
  rewrite (sum_ext m _ (fun i => f i * f i + (-2 * t * (f i * g i) + t ^ 2 * (g i * g i)))) by (intros; ring).
  rewrite !sum_plus, !sum_scale. ring.
Qed.
Lemma halves : forall m (v : nat -> R), exists z : Z, (0 <= z <= Z.of_nat m)%Z /\
  sum m (fun i => Rmax 0 (v i)) ^ 2 <= IZR z * sum m (fun i => Rmax 0 (v i) * Rmax 0 (v i)) /\
  sum m (fun i => Rmax 0 (- v i)) ^ 2 <= IZR (Z.of_nat m - z) * sum m (fun i => Rmax 0 (- v i) * Rmax 0 (- v i)).
Proof.
  intros m v. set (s := fun i => if Rle_dec 0 (v i) then 1%Z else 0%Z). exists (zsum m s).
  assert (Z1 : forall k, (0 <= zsum k s <= Z.of_nat k)%Z).
  { induction k. simpl. lia. cbn [zsum]. assert (0 <= s k <= 1)%Z by (unfold s; destruct Rle_dec; lia). lia. }
  split; [exact (Z1 m)|].
  assert (E1 : sum m (fun i => IZR (s i) * IZR (s i)) = IZR (zsum m s)).
  { rewrite IZR_zsum. apply sum_ext. intros. unfold s. destruct Rle_dec; ring. }
  assert (E2 : sum m (fun i => (1 - IZR (s i)) * (1 - IZR (s i))) = IZR (Z.of_nat m - zsum m s)).
  { rewrite minus_IZR, IZR_zsum, <- INR_IZR_INZ. rewrite (sum_ext m _ (fun i => 1 + -1 * IZR (s i))).
    - rewrite sum_plus, sum_scale. assert (K : forall k, sum k (fun _ => 1) = INR k). { induction k. reflexivity. cbn [sum]. now rewrite IHk, S_INR. }
      rewrite K. ring.
    - intros. unfold s. destruct Rle_dec; ring. }
  split.
  - rewrite <- E1. rewrite (sum_ext m (fun i => Rmax 0 (v i)) (fun i => IZR (s i) * Rmax 0 (v i))). apply cauchy.
    intros. unfold s. destruct (Rle_dec 0 (v i)). ring. rewrite Rmax_left by lra. ring.
  - rewrite <- E2. rewrite (sum_ext m (fun i => Rmax 0 (- v i)) (fun i => (1 - IZR (s i)) * Rmax 0 (- v i))). apply cauchy.
    intros. unfold s. destruct (Rle_dec 0 (v i)). rewrite Rmax_left by lra. ring. ring.
Qed.
Definition spread : R := sqrt (IZR (Z.of_nat n * Z.of_nat n / 4)).
Lemma bipartite : forall K t v, 0 <= t -> (forall i, (i < n)%nat -> K i i = 1) ->
  (forall i j, (i < n)%nat -> (j < n)%nat -> i <> j -> 0 <= K i j <= t) ->
  (1 - spread * t) * sum n (fun i => v i * v i) <= form n K v.
Proof.
  intros K t v Ht Kd Ko. set (f := fun i => Rmax 0 (v i)). set (g := fun i => Rmax 0 (- v i)).
  assert (f0 : forall i, 0 <= f i) by (intros; apply Rmax_l). assert (g0 : forall i, 0 <= g i) by (intros; apply Rmax_l).
  assert (fg : forall i, v i = f i - g i /\ f i * g i = 0).
  { intros. unfold f, g, Rmax. destruct (Rle_dec 0 (v i)), (Rle_dec 0 (- v i)); split; try lra.
    assert (v i = 0) by lra. rewrite H. ring. }
  set (sf := sum n f). set (sg := sum n g). set (A := sum n (fun i => f i * f i)). set (B := sum n (fun i => g i * g i)).
  assert (sf0 : 0 <= sf) by (apply sum_nonneg; auto). assert (sg0 : 0 <= sg) by (apply sum_nonneg; auto).
  assert (A0 : 0 <= A) by (apply sum_nonneg; intros; apply Rle_0_sqr). assert (B0 : 0 <= B) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  assert (V : sum n (fun i => v i * v i) = A + B).
  { unfold A, B. rewrite <- sum_plus. apply sum_ext. intros. destruct (fg i) as [E F].
    replace (v i * v i) with (f i * f i + g i * g i - 2 * (f i * g i)) by (rewrite E; ring). rewrite F. ring. }
  assert (Low : A + B - 2 * t * (sf * sg) <= form n K v).
  { replace (A + B - 2 * t * (sf * sg)) with
      (sum n (fun i => sum n (fun j => (if Nat.eqb j i then v i * v i else 0) - t * (f i * g j + g i * f j)))).
    - apply sum_le. intros i Hi. apply sum_le. intros j Hj. destruct (Nat.eqb_spec j i) as [->|N].
      + rewrite Kd by auto. destruct (fg i) as [_ F]. replace (t * (f i * g i + g i * f i)) with (2 * t * (f i * g i)) by ring. rewrite F. lra.
      + destruct (Ko i j Hi Hj ltac:(auto)) as [K0 K1]. destruct (fg i) as [-> _], (fg j) as [-> _].
        replace (K i j * (f i - g i) * (f j - g j)) with (K i j * (f i * f j + g i * g j) - K i j * (f i * g j + g i * f j)) by ring.
        assert (0 <= f i * f j + g i * g j) by (apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto).
        assert (0 <= f i * g j + g i * f j) by (apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto).
        assert (0 <= K i j * (f i * f j + g i * g j)) by (apply Rmult_le_pos; auto).
        assert (K i j * (f i * g j + g i * f j) <= t * (f i * g j + g i * f j)) by (apply Rmult_le_compat_r; auto). lra.
    - rewrite <- V. rewrite (sum_ext n _ (fun i => v i * v i + (- t * sg * f i + - t * sf * g i))).
      + rewrite !sum_plus, !sum_scale. fold sf sg. ring.
      + intros i Hi. rewrite (sum_ext n _ (fun j => (if Nat.eqb j i then v i * v i else 0) + (- t * f i * g j + - t * g i * f j))) by (intros; ring).
        rewrite !sum_plus, !sum_scale. fold sf sg.
        assert (Z : forall m w, sum m (fun j => if Nat.eqb j i then w else 0) = if Nat.ltb i m then w else 0).
        { intros m w. induction m; cbn [sum]. destruct (Nat.ltb_spec i 0); [lia | reflexivity]. rewrite IHm.
          destruct (Nat.eqb_spec m i), (Nat.ltb_spec i m), (Nat.ltb_spec i (S m)); subst; try lia; lra. }
        rewrite Z. destruct (Nat.ltb_spec i n); [ring | lia]. }
  assert (Both : 2 * (sf * sg) <= spread * (A + B)).
  { destruct (halves n v) as [z [Hz [H1 H2]]]. change (sf ^ 2 <= IZR z * A) in H1. change (sg ^ 2 <= IZR (Z.of_nat n - z) * B) in H2.
    set (F := IZR (Z.of_nat n * Z.of_nat n / 4)).
    assert (Zf : IZR z * IZR (Z.of_nat n - z) <= F).
    { unfold F. rewrite <- mult_IZR. apply IZR_le. apply Z.div_le_lower_bound. lia. pose proof (Z.square_nonneg (Z.of_nat n - 2 * z)). lia. }
    assert (z0 : 0 <= IZR z) by (apply IZR_le; lia). assert (z1 : 0 <= IZR (Z.of_nat n - z)) by (apply IZR_le; lia).
    assert (F0 : 0 <= F). { apply Rle_trans with (2 := Zf). now apply Rmult_le_pos. }
    apply Rsqr_incr_0_var. 2: { apply Rmult_le_pos. apply sqrt_pos. lra. }
    unfold Rsqr, spread. fold F. replace (sqrt F * (A + B) * (sqrt F * (A + B))) with ((sqrt F * sqrt F) * ((A + B) * (A + B))) by ring.
    rewrite sqrt_sqrt by auto. replace (2 * (sf * sg) * (2 * (sf * sg))) with (4 * (sf ^ 2 * sg ^ 2)) by ring.
    apply Rle_trans with (4 * ((IZR z * A) * (IZR (Z.of_nat n - z) * B))).
    - apply Rmult_le_compat_l. lra. apply Rmult_le_compat; auto; apply pow2_ge_0.
    - replace (4 * (IZR z * A * (IZR (Z.of_nat n - z) * B))) with ((IZR z * IZR (Z.of_nat n - z)) * (4 * (A * B))) by ring.
      apply Rle_trans with (F * (4 * (A * B))). apply Rmult_le_compat_r; auto. pose proof (Rmult_le_pos A B A0 B0). lra.
      apply Rmult_le_compat_l; auto. pose proof (Rle_0_sqr (A - B)) as S. unfold Rsqr in S. nra. }
  rewrite V. apply Rle_trans with (2 := Low).
  assert (t * (2 * (sf * sg)) <= t * (spread * (A + B))) by (apply Rmult_le_compat_l; auto). lra.
Qed.
Lemma power_bound : 0 <= q -> forall r v, Rmax 0 (1 - spread * q ^ r) * sum n (fun i => v i * v i) <= form n (fun a b => half a b ^ r) v.
Proof.
  intros Q r v. unfold Rmax. destruct Rle_dec. 2: { rewrite Rmult_0_l. apply powers_nonneg. }
  apply bipartite. now apply pow_le. intros. unfold half. rewrite unit_vectors by auto. replace ((1 + 1) / 2) with 1 by field. apply pow1.
  intros. destruct (half_range i j H H0). split. now apply pow_le. apply pow_incr. split; auto. unfold half, q. specialize (apart i j H H0 H1). lra.
Qed.
(* --- the series --- *)
Variable w : nat -> R.
Hypothesis w_nonneg : forall r, 0 <= w r.
Hypothesis w_bounded : exists B, forall m, total m w <= B.
Lemma series_exists : forall u : nat -> R, (forall r, 0 <= u r <= w r) -> ex_series u.
Proof.
  intros u U. destruct w_bounded as [B HB].
  assert (L : forall m, total m u <= total m w). { intros. apply total_le. intros. apply U. }
  apply (ex_finite_lim_seq_incr (sum_n u) B).
  - intros. rewrite sum_Sn. unfold plus; simpl. specialize (U (S n0)). lra.
  - intros. rewrite total_sum. specialize (L (S n0)). specialize (HB (S n0)). lra.
Qed.
Lemma total_under : forall u l m, (forall r, 0 <= u r) -> is_series u l -> total m u <= l.
Proof.
  intros u l m U H. destruct m. simpl. 
  - assert (K : Rbar_le 0 l); [|exact K]. apply (is_lim_seq_le (fun _ => 0) (sum_n u)). 2: apply is_lim_seq_const. 2: exact H.
    intros. rewrite total_sum. generalize (S n0). intros k. induction k. simpl; lra. rewrite total_last. specialize (U k). lra.
  - rewrite <- total_sum. apply (is_lim_seq_incr_compare (sum_n u) l H). intros. rewrite sum_Sn. unfold plus; simpl. specialize (U (S n0)). lra.
Qed.
Lemma rest_counts : forall (g : nat -> R) N F v W, (forall r, 0 <= g r <= g (S r)) -> 0 <= v -> is_series w W ->
  (forall m, total m (fun r => g r * w r) * v <= F) -> (total N (fun r => g r * w r) + g N * (W - total N w)) * v <= F.
Proof.
  intros g N F v W G V HW H.
  assert (Up : forall m, g N <= g (N + m)%nat). { induction m. rewrite Nat.add_0_r. lra. rewrite Nat.add_succ_r. specialize (G (N + m)%nat). lra. }
  assert (K : forall m, total N (fun r => g r * w r) + g N * (total (N + m) w - total N w) <= total (N + m) (fun r => g r * w r)).
  { induction m. rewrite Nat.add_0_r. lra. rewrite Nat.add_succ_r, !total_last. specialize (Up m). specialize (w_nonneg (N + m)%nat).
    assert (g N * w (N + m)%nat <= g (N + m)%nat * w (N + m)%nat) by (apply Rmult_le_compat_r; auto). lra. }
  assert (L : Rbar_le ((total N (fun r => g r * w r) + g N * (W - total N w)) * v) F); [|exact L].
  apply (is_lim_seq_le_loc (fun m => (total N (fun r => g r * w r) + g N * (sum_n w m - total N w)) * v) (fun _ => F)).
  - exists N. intros m Hm. apply Rle_trans with (2 := H (S m)). apply Rmult_le_compat_r; auto. rewrite total_sum.
    replace (S m) with (N + (S m - N))%nat by lia. apply K.
  - apply is_lim_seq_mult'; [|apply is_lim_seq_const]. apply is_lim_seq_plus'; [apply is_lim_seq_const|].
    apply is_lim_seq_mult'; [apply is_lim_seq_const|]. apply is_lim_seq_minus'; [exact HW | apply is_lim_seq_const].
  - apply is_lim_seq_const.
Qed.
Lemma factors_rise : 0 <= q <= 1 -> forall r, 0 <= Rmax 0 (1 - spread * q ^ r) <= Rmax 0 (1 - spread * q ^ S r).
Proof.
  intros Q r. split. apply Rmax_l. apply Rle_max_compat_l.
  assert (0 <= q ^ r) by (apply pow_le; lra). assert (q ^ S r <= q ^ r) by (simpl; nra).
  assert (0 <= spread) by apply sqrt_pos. nra.
Qed.
Lemma series_of_sum : forall m (u : nat -> nat -> R) (l : nat -> R), (forall i, (i < m)%nat -> is_series (u i) (l i)) ->
  is_series (fun r => sum m (fun i => u i r)) (sum m l).
Proof.
  induction m; intros u l H; cbn [sum].
  - apply is_series_Reals. intros e He. exists O. intros k _. unfold R_dist.
    replace (sum_f_R0 (fun _ => 0) k) with 0. rewrite Rminus_0_r, Rabs_R0. auto.
    induction k; simpl; [reflexivity|]. rewrite <- IHk. ring.
  - apply (is_series_plus (fun r => sum m (fun i => u i r)) (u m)). apply IHm; auto. apply H; lia.
Qed.
Theorem kernel_bound : 0 <= q -> exists M : nat -> nat -> R,
  (forall a b, (a < n)%nat -> (b < n)%nat -> is_series (fun r => w r * half a b ^ r) (M a b)) /\
  forall v m, total m (fun r => Rmax 0 (1 - spread * q ^ r) * w r) * sum n (fun i => v i * v i) <= form n M v.
Proof.
  intros Q. exists (fun a b => Series (fun r => w r * half a b ^ r)).
  assert (E : forall a b, (a < n)%nat -> (b < n)%nat -> is_series (fun r => w r * half a b ^ r) (Series (fun r => w r * half a b ^ r))).
  { intros. apply Series_correct, series_exists. intros. destruct (half_range a b H H0) as [P1 P2].
    assert (0 <= half a b ^ r) by now apply pow_le. assert (half a b ^ r <= 1) by (rewrite <- (pow1 r); apply pow_incr; auto).
    specialize (w_nonneg r). split. now apply Rmult_le_pos. rewrite <- (Rmult_1_r (w r)) at 2. apply Rmult_le_compat_l; auto. }
  split; auto. intros v m. set (M := fun a b => Series (fun r => w r * half a b ^ r)).
  assert (S1 : is_series (fun r => w r * form n (fun a b => half a b ^ r) v) (form n M v)).
  { apply (is_series_ext (fun r => sum n (fun a => sum n (fun b => v a * v b * (w r * half a b ^ r))))).
    - intros r. unfold form. rewrite <- sum_scale. apply sum_ext. intros. rewrite <- sum_scale. apply sum_ext. intros. ring.
    - unfold form. apply (series_of_sum n (fun a r => sum n (fun b => v a * v b * (w r * half a b ^ r)))). intros a Ha.
      rewrite (sum_ext n _ (fun b => v a * v b * M a b)) by (intros; ring).
      apply (series_of_sum n (fun b r => v a * v b * (w r * half a b ^ r))). intros b Hb.
      apply (is_series_scal (v a * v b) (fun r => w r * half a b ^ r)). now apply E. }
  apply Rle_trans with (total m (fun r => w r * form n (fun a b => half a b ^ r) v)).
  - rewrite Rmult_comm, <- total_scale. apply total_le. intros r.
    replace (sum n (fun i => v i * v i) * (Rmax 0 (1 - spread * q ^ r) * w r)) with
      (w r * (Rmax 0 (1 - spread * q ^ r) * sum n (fun i => v i * v i))) by ring.
    apply Rmult_le_compat_l; auto. now apply power_bound.
  - apply total_under; auto. intros. apply Rmult_le_pos; auto. apply powers_nonneg.
Qed.
End Points.
(* --- the weights (1+r)^k mu_r^2: their sum is finite if the function has k derivatives that grow slowly --- *)
Definition weight (f : R -> R) (k r : nat) : R := INR (S r) ^ k * Coefficient f r ^ 2.
Lemma weight_nonneg : forall f k r, 0 <= weight f k r.
Proof. intros. apply Rmult_le_pos. apply pow_le, pos_INR. apply pow2_ge_0. Qed.
Lemma square_part : forall f r, fine f -> Coefficient f r ^ 2 = part f r ^ 2 / INR (fact r).
Proof.
  intros. destruct (coefficient_is f r H) as [_ ->]. pose proof (root_fact r). pose proof (fact_positive r).
  replace ((part f r / sqrt (INR (fact r))) ^ 2) with (part f r ^ 2 / sqrt (INR (fact r)) ^ 2) by (field; lra). now rewrite pow2_sqrt by lra.
Qed.
Fixpoint ready (q : F.precision) (l : list box) (t : term) (k : nat) : bool :=
  tame true t && level t && match growth q (boxes q l) t with Some _ => true | None => false end &&
  match k with O => true | S j => ready q l (rate t) j end.
Lemma ready_fine : forall q l e t k, List.Forall2 boxed l e -> ready q l t k = true -> fine (value e t) /\ level t = true.
Proof.
  intros q l e t k HE H. destruct k; cbn [ready] in H; destruct (growth q (boxes q l) t) as [[X j]|] eqn:G; rewrite ?andb_false_r in H; try discriminate H; parts;
    (split; [exact (fine_term q l t e X j HE ltac:(assumption) G false) | assumption]).
Qed.
Lemma weights_bounded : forall q l e, List.Forall2 boxed l e -> forall k t, ready q l t k = true ->
  exists B, forall m, total m (weight (value e t) k) <= B.
Proof.
  intros q l e HE. induction k; intros t H.
  - destruct (ready_fine q l e t 0 HE H) as [F _]. exists (Mean (fun x => value e t x ^ 2)). intros m.
    rewrite (total_ext m _ (fun r => part (value e t) r ^ 2 / INR (fact r))). now apply bessel.
    intros. unfold weight. rewrite square_part by auto. simpl. ring.
  - destruct (ready_fine q l e t (S k) HE H) as [F L]. cbn [ready] in H. apply andb_true_iff in H as [_ H].
    destruct (IHk (rate t) H) as [B HB]. destruct (ready_fine q l e (rate t) k HE H) as [F' L'].
    exists (weight (value e t) (S k) 0 + 2 ^ S k * B). intros m. 
    assert (B0 : 0 <= B) by exact (HB O).
    assert (P : 0 <= 2 ^ S k) by (apply pow_le; lra).
    destruct m; cbn [total]. apply Rplus_le_le_0_compat. apply weight_nonneg. now apply Rmult_le_pos.
    apply Rplus_le_compat_l. apply Rle_trans with (2 ^ S k * total m (weight (value e (rate t)) k)).
    2: { apply Rmult_le_compat_l; auto. }
    rewrite <- total_scale. apply total_le. intros r. unfold weight. rewrite !square_part by auto.
    rewrite (by_parts (value e t) (value e (rate t))); auto.
    2: { now apply rate_correct. }
    2: { intros. apply (ex_derive_continuous (value e (rate t))). eexists. now apply rate_correct. }
    pose proof (fact_positive r). pose proof (lt_0_INR (S r) ltac:(lia)).
    change (fact (S r)) with (S r * fact r)%nat. rewrite mult_INR.
    replace (INR (S (S r)) ^ S k * (part (value e (rate t)) r ^ 2 / (INR (S r) * INR (fact r)))) with
      ((INR (S (S r)) ^ S k / INR (S r)) * (part (value e (rate t)) r ^ 2 / INR (fact r))) by (field; lra).
    rewrite <- Rmult_assoc. apply Rmult_le_compat_r. apply Rmult_le_pos. apply pow2_ge_0. left. now apply Rinv_0_lt_compat.
    apply Rmult_le_reg_r with (INR (S r)); auto. replace (INR (S (S r)) ^ S k / INR (S r) * INR (S r)) with (INR (S (S r)) ^ S k) by (field; lra).
    replace (2 ^ S k * INR (S r) ^ k * INR (S r)) with ((2 * INR (S r)) ^ S k) by (rewrite Rpow_mult_distr; simpl; ring).
    apply pow_incr. split. apply pos_INR. rewrite !S_INR. pose proof (pos_INR r). lra.
Qed.
(* What the weights sum to (Parseval). *)
Definition whole_of (t : term) (k : nat) : term :=
  match k with O => Pow t 2 | S _ => Add (Pow t 2) (Pow (rate t) 2) end.
Lemma weights_sum : forall q l e, List.Forall2 boxed l e -> forall t k, (k <= 1)%nat -> ready q l t (S k) = true ->
  is_series (weight (value e t) k) (Mean (value e (whole_of t k))).
Proof.
  intros q l e HE t k Hk H. destruct (ready_fine q l e t (S k) HE H) as [F L].
  assert (P0 : forall j u, ready q l u (S j) = true -> is_series (fun r => part (value e u) r ^ 2 / INR (fact r)) (Mean (fun x => value e u x ^ 2))).
  { intros j u Hu. destruct (ready_fine q l e u (S j) HE Hu) as [Fu Lu]. cbn [ready] in Hu.
    destruct (growth q (boxes q l) u) as [[X1 k1]|] eqn:G1; rewrite ?andb_false_r in Hu; try discriminate Hu. apply andb_true_iff in Hu as [_ Hu].
    destruct j; cbn [ready] in Hu; destruct (growth q (boxes q l) (rate u)) as [[X2 k2]|] eqn:G2; rewrite ?andb_false_r in Hu; try discriminate Hu;
    destruct (growth_correct q _ e (boxes_correct q l e HE) u X1 k1 G1) as [c1 [C1 [_ B1]]];
    destruct (growth_correct q _ e (boxes_correct q l e HE) (rate u) X2 k2 G2) as [c2 [C2 [_ B2]]];
    apply (parseval (value e u) (value e (rate u)) c1 k1 c2 k2); auto; now apply rate_correct. }
  pose proof (P0 k t H) as S0. destruct k.
  - apply (is_series_ext (fun r => part (value e t) r ^ 2 / INR (fact r))); [|exact S0].
    intros r. unfold weight. rewrite square_part by auto. simpl. ring.
  - destruct k; [|lia]. cbn [ready] in H. apply andb_true_iff in H as [_ H]. change (ready q l (rate t) 1 = true) in H.
    destruct (ready_fine q l e (rate t) 1 HE H) as [F' L']. pose proof (P0 O (rate t) H) as S1.
    assert (S2 : is_series (fun r => INR r * (part (value e t) r ^ 2 / INR (fact r))) (Mean (fun x => value e (rate t) x ^ 2))).
    { apply (is_series_decr_1 (fun r => INR r * (part (value e t) r ^ 2 / INR (fact r)))).
      refine (eq_ind _ (fun z => is_series _ z) (is_series_ext _ _ _ _ S1) _ _).
      - intros r. rewrite (by_parts (value e t) (value e (rate t))); auto.
        2: { now apply rate_correct. }
        2: { intros. apply (ex_derive_continuous (value e (rate t))). eexists. now apply rate_correct. }
        change (fact (S r)) with (S r * fact r)%nat. rewrite mult_INR. pose proof (fact_positive r). pose proof (lt_0_INR (S r) ltac:(lia)).
        reals. field. lra.
      - change (Mean (fun x => value e (rate t) x ^ 2) = Mean (fun x => value e (rate t) x ^ 2) + - (0 * (part (value e t) 0 ^ 2 / INR (fact 0)))). ring. }
    replace (Mean (value e (whole_of t 1))) with (plus (Mean (fun x => value e t x ^ 2)) (Mean (fun x => value e (rate t) x ^ 2))).
    2: { unfold plus; simpl. symmetry. apply (mean_plus (fun x => value e t x ^ 2) (fun x => value e (rate t) x ^ 2)); now apply fine_square. }
    apply (is_series_ext (fun r => plus (part (value e t) r ^ 2 / INR (fact r)) (INR r * (part (value e t) r ^ 2 / INR (fact r))))).
    + intros r. unfold weight, plus; simpl plus. rewrite square_part by auto. rewrite S_INR. simpl. ring.
    + apply (is_series_plus (fun r => part (value e t) r ^ 2 / INR (fact r))); auto.
Qed.
(* --- the sum in intervals --- *)
Fixpoint gains (p : F.precision) (k : nat) (m c power f : I.type) (r : Z) (H : list I.type) : I.type :=
  match H with
  | nil => I.zero
  | cons x H' =>
    let y := I.sub p (I.fromZ p 1) (I.mul p m power) in
    I.add p (if known_nonneg y then I.mul p y (over p (I.mul p (raised p (I.fromZ p (r + 1)) k) (I.mul p x x)) f) else I.zero)
      (gains p k m c (I.mul p power c) (I.mul p f (I.fromZ p (r + 1))) (r + 1) H')
  end.
Lemma gains_correct : forall p k m0 c0 M C f, holds M m0 -> holds C c0 -> fine f -> forall H r P W, holds P (c0 ^ r) -> holds W (INR (fact r)) ->
  (forall i, holds (at_ H i) (part f (r + i))) ->
  exists g, holds (gains p k M C P W (Z.of_nat r) H) g /\ g <= total (length H) (fun i => Rmax 0 (1 - m0 * c0 ^ (r + i)) * weight f k (r + i)).
Proof.
  intros p k m0 c0 M C f HM HC F. induction H as [|x H]; intros r P W HP HW HH; cbn [gains length total].
  - exists 0. split. apply holds_0. lra.
  - destruct (IHH (S r) (I.mul p P C) (I.mul p W (I.fromZ p (Z.of_nat r + 1)))) as [g [G1 G2]].
    + simpl pow. rewrite Rmult_comm. now apply holds_mul.
    + change (fact (S r)) with (S r * fact r)%nat. rewrite mult_INR, Rmult_comm. apply holds_mul; auto.
      replace (INR (S r)) with (IZR (Z.of_nat r + 1)). apply holds_Z. rewrite INR_IZR_INZ. f_equal. lia.
    + intros i. replace (S r + i)%nat with (r + S i)%nat by lia. exact (HH (S i)).
    + replace (Z.of_nat (S r)) with (Z.of_nat r + 1)%Z in G1 by lia.
      set (y := I.sub p (I.fromZ p 1) (I.mul p M P)).
      assert (HY : holds y (1 - m0 * c0 ^ r)) by (apply holds_sub; [apply holds_Z | now apply holds_mul]).
      rewrite (total_ext _ _ (fun i => Rmax 0 (1 - m0 * c0 ^ (S r + i)) * weight f k (S r + i))) by (intros; now replace (r + S i)%nat with (S r + i)%nat by lia).
      rewrite Nat.add_0_r. destruct (known_nonneg y) eqn:N.
      * pose proof (known_nonneg_correct _ _ N HY) as Y. exists ((1 - m0 * c0 ^ r) * weight f k r + g). split.
        -- apply holds_add; auto. apply holds_mul; auto. unfold weight. rewrite square_part by auto.
           replace (INR (S r) ^ k * (part f r ^ 2 / INR (fact r))) with (INR (S r) ^ k * (part f r * part f r) / INR (fact r)) by (unfold Rdiv; ring).
           apply holds_over; auto. specialize (HH O). rewrite Nat.add_0_r in HH. apply holds_mul. 2: now apply holds_mul.
           apply raised_correct. replace (INR (S r)) with (IZR (Z.of_nat r + 1)). apply holds_Z. rewrite INR_IZR_INZ. f_equal. lia.
        -- rewrite Rmax_right by lra. lra.
      * exists (0 + g). split. apply holds_add; auto. apply holds_0.
        pose proof (Rmult_le_pos _ _ (Rmax_l 0 (1 - m0 * c0 ^ r)) (weight_nonneg f k r)). lra.
Qed.
Fixpoint plain (p : F.precision) (k : nat) (f : I.type) (r : Z) (H : list I.type) : I.type :=
  match H with
  | nil => I.zero
  | cons x H' => I.add p (over p (I.mul p (raised p (I.fromZ p (r + 1)) k) (I.mul p x x)) f) (plain p k (I.mul p f (I.fromZ p (r + 1))) (r + 1) H')
  end.
Lemma plain_correct : forall p k f, fine f -> forall H r W, holds W (INR (fact r)) -> (forall i, holds (at_ H i) (part f (r + i))) ->
  holds (plain p k W (Z.of_nat r) H) (total (length H) (fun i => weight f k (r + i))).
Proof.
  intros p k f F. induction H as [|x H]; intros r W HW HH; cbn [plain length total]. apply holds_0.
  assert (R : INR (S r) = IZR (Z.of_nat r + 1)) by (rewrite INR_IZR_INZ; f_equal; lia). apply holds_add.
  - rewrite Nat.add_0_r. unfold weight. rewrite square_part by auto.
    replace (INR (S r) ^ k * (part f r ^ 2 / INR (fact r))) with (INR (S r) ^ k * (part f r * part f r) / INR (fact r)) by (unfold Rdiv; ring).
    specialize (HH O). rewrite Nat.add_0_r in HH. apply holds_over; auto. apply holds_mul. 2: now apply holds_mul.
    apply raised_correct. rewrite R. apply holds_Z.
  - rewrite (total_ext _ _ (fun i => weight f k (S r + i))) by (intros; now replace (r + S i)%nat with (S r + i)%nat by lia).
    replace (Z.of_nat r + 1)%Z with (Z.of_nat (S r)) by lia. apply IHH.
    + change (fact (S r)) with (S r * fact r)%nat. rewrite mult_INR, Rmult_comm, R. apply holds_mul; auto.
      replace (Z.of_nat (S r)) with (Z.of_nat r + 1)%Z by lia. apply holds_Z.
    + intros i. replace (S r + i)%nat with (r + S i)%nat by lia. exact (HH (S i)).
Qed.
(* What the weights from the first m on sum to counts by the factor of the first of them; all of them sum to low or more. *)
Definition separation_check (p q : F.precision) (l : list box) (t : term) (d m : nat) (kk D a : Z) (ends : list Z) (k n : nat) (C lo low high : Z * Z) : bool :=
  let c := over p (I.add p (I.fromZ p 1) (ratio p (fst C) (snd C))) (I.fromZ p 2) in
  let s := I.sqrt p (I.fromZ p (Z.of_nat n * Z.of_nat n / 4)) in
  let H := hermite p q l false t d m kk D a ends in
  let y := I.sub p (I.fromZ p 1) (I.mul p s (raised p c (length H))) in
  let rest := I.mul p y (I.sub p (ratio p (fst low) (snd low)) (plain p k (I.fromZ p 1) 0 H)) in
  let known := known_nonneg y && Nat.leb k 1 && ready q l t (S k) && mean_check p q l (whole_of t k) d D a ends low high in
  ready q l t k && Z.ltb 0 (snd C) && Z.leb (- snd C) (fst C) && Z.leb (fst C) (snd C) &&
  known_nonneg (I.sub p (I.add p (gains p k s c (I.fromZ p 1) (I.fromZ p 1) 0 H) (if known then rest else I.zero)) (ratio p (fst lo) (snd lo))).
Theorem separated : forall p q l t d m kk D a ends k n C lo low high, separation_check p q l t d m kk D a ends k n C lo low high = true ->
  forall e, List.Forall2 boxed l e -> forall dim (x : nat -> nat -> R),
  (forall a, (a < n)%nat -> sum dim (fun i => x a i * x a i) = 1) ->
  (forall a b, (a < n)%nat -> (b < n)%nat -> a <> b -> sum dim (fun i => x a i * x b i) <= IZR (fst C) / IZR (snd C)) ->
  (forall r, has_mean (fun u => value e t u * (he r u / sqrt (INR (fact r))))) /\
  exists M : nat -> nat -> R, (forall a b, (a < n)%nat -> (b < n)%nat ->
    is_series (fun r => INR (S r) ^ k * Coefficient (value e t) r ^ 2 * ((1 + sum dim (fun i => x a i * x b i)) / 2) ^ r) (M a b)) /\
  forall v, IZR (fst lo) / IZR (snd lo) * sum n (fun a => v a * v a) <= form n M v.
Proof.
  intros p q l t d m kk D a ends k n C lo low high K e HE dim x U A. unfold separation_check in K. cbv zeta in K.
  apply andb_true_iff in K as [K Kn]. apply andb_true_iff in K as [K C2]. apply andb_true_iff in K as [K C1]. apply andb_true_iff in K as [Rd C0].
  apply Z.ltb_lt, IZR_lt in C0. apply Z.leb_le, IZR_le in C1, C2. rewrite opp_IZR in C1.
  destruct (ready_fine q l e t k HE Rd) as [F _]. split. intros r. now apply coefficient_is.
  set (C' := IZR (fst C) / IZR (snd C)) in *.
  assert (CC : C' * IZR (snd C) = IZR (fst C)) by (unfold C'; field; lra).
  assert (Q0 : 0 <= Kernels.q C' <= 1) by (unfold Kernels.q; split; nra).
  set (w := weight (value e t) k).
  destruct (kernel_bound n dim x C' U A w (weight_nonneg _ _) (weights_bounded q l e HE k t Rd) (proj1 Q0)) as [M [M1 M2]].
  exists M. split. exact M1. intros v. set (H := hermite p q l false t d m kk D a ends) in *. set (N := length H).
  set (s := I.sqrt p (I.fromZ p (Z.of_nat n * Z.of_nat n / 4))) in *. set (c := over p _ (I.fromZ p 2)) in *.
  assert (V : 0 <= sum n (fun a => v a * v a)) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  assert (HS : holds s (spread n)) by apply holds_sqrt, holds_Z.
  assert (HC : holds c (Kernels.q C')). { apply holds_over; [|apply holds_Z]. apply holds_add; [apply holds_Z | apply ratio_correct]. }
  assert (HP : forall i, holds (at_ H i) (part (value e t) (0 + i))) by (intros i; exact (hermite_correct p q l false t d m kk D a ends e HE i)).
  destruct (gains_correct p k (spread n) (Kernels.q C') s c (value e t) HS HC F H O (I.fromZ p 1) (I.fromZ p 1) (holds_Z p 1) (holds_Z p 1) HP) as [g [G1 G2]].
  pose proof (plain_correct p k (value e t) F H O (I.fromZ p 1) (holds_Z p 1) HP) as PL. cbn [Nat.add] in PL, G2. fold N w in PL, G2.
  change (Z.of_nat 0) with 0%Z in *.
  match type of Kn with context [if ?b then _ else _] => destruct b eqn:Known end.
  - apply andb_true_iff in Known as [Known Mc]. apply andb_true_iff in Known as [Known R1]. apply andb_true_iff in Known as [Ky K1].
    apply Nat.leb_le in K1. destruct (mean_bounds _ _ _ _ _ _ _ _ _ _ Mc e HE) as [_ [W1 _]].
    pose proof (weights_sum q l e HE t k K1 R1) as WS. fold w in WS.
    assert (HY : holds (I.sub p (I.fromZ p 1) (I.mul p s (raised p c N))) (1 - spread n * Kernels.q C' ^ N)).
    { apply holds_sub; [apply holds_Z|]. apply holds_mul; auto. now apply raised_correct. }
    pose proof (known_nonneg_correct _ _ Ky HY) as Y.
    pose proof (rest_counts w (weight_nonneg _ _) (fun r => Rmax 0 (1 - spread n * Kernels.q C' ^ r)) N (form n M v) _ _
      (factors_rise n C' Q0) V WS (M2 v)) as B. cbv beta in B.
    apply Rle_trans with (2 := B). apply Rmult_le_compat_r; auto. rewrite (Rmax_right 0 (1 - spread n * Kernels.q C' ^ N)) by lra.
    set (lw := IZR (fst low) / IZR (snd low)) in *.
    apply (known_nonneg_correct _ (g + (1 - spread n * Kernels.q C' ^ N) * (lw - total N w) - IZR (fst lo) / IZR (snd lo))) in Kn.
    + assert ((1 - spread n * Kernels.q C' ^ N) * (lw - total N w) <= (1 - spread n * Kernels.q C' ^ N) * (Mean (value e (whole_of t k)) - total N w))
        by (apply Rmult_le_compat_l; lra). lra.
    + apply holds_sub; [|apply ratio_correct]. apply holds_add; auto. apply holds_mul; auto. apply holds_sub; auto. apply ratio_correct.
  - apply Rle_trans with (2 := M2 v N). apply Rmult_le_compat_r; auto. apply Rle_trans with (2 := G2).
    apply (known_nonneg_correct _ (g + 0 - IZR (fst lo) / IZR (snd lo))) in Kn. lra.
    apply holds_sub; [|apply ratio_correct]. apply holds_add; auto. apply holds_0.
Qed.
End Kernels.
