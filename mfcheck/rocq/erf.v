(* --- the error function --- *)
Module Erf.
Definition gauss (x : R) : R := RInt (fun t => exp (- t ^ 2)) 0 x.
Definition erf (x : R) : R := 2 / sqrt PI * gauss x.
Lemma gauss_derive : forall x, is_derive gauss x (exp (- x ^ 2)).
Proof.
  intros. assert (C : forall y, continuous (fun t => exp (- t ^ 2)) y).
  { intros. apply (ex_derive_continuous (fun t => exp (- t ^ 2))). auto_derive. auto. }
  apply (is_derive_RInt (fun t => exp (- t ^ 2)) gauss 0 x); auto. apply filter_forall. intros y.
  apply (RInt_correct (fun t => exp (- t ^ 2))). apply (ex_RInt_continuous (fun t => exp (- t ^ 2))). auto.
Qed.
Lemma sqrt_pi : 0 < sqrt PI.
Proof. apply sqrt_lt_R0, PI_RGT_0. Qed.
Lemma is_derive_erf : forall x, is_derive erf x (2 / sqrt PI * exp (- x ^ 2)).
Proof. intros. apply (is_derive_scal gauss x (2 / sqrt PI)). apply gauss_derive. Qed.
Lemma power_over : forall m c u s, c <> 0 -> is_derive (fun u => (s * u) ^ S m / (INR (S m) * c)) u (s * ((s * u) ^ m / c)).
Proof. intros. assert (INR (S m) <> 0) by (apply not_0_INR; lia). auto_derive; auto. cbn [pred]. field. auto. Qed.
(* exp(-u) and the sums of its series, which alternate *)
Definition alternating (n : nat) (u : R) : R := exp (- u) - total n (fun k => (- u) ^ k / INR (fact k)).
Lemma alternating_derive : forall n u, is_derive (alternating (S n)) u (- alternating n u).
Proof.
  intros. unfold alternating.
  assert (T : forall m, is_derive (fun u => total (S m) (fun k => (- u) ^ k / INR (fact k))) u (- total m (fun k => (- u) ^ k / INR (fact k)))).
  { induction m.
    - cbn [total]. apply (is_derive_ext (fun _ => 1)). intros; simpl; field. rewrite Ropp_0. apply (is_derive_const 1).
    - apply (is_derive_ext (fun u => total (S m) (fun k => (- u) ^ k / INR (fact k)) + (- u) ^ S m / INR (fact (S m)))).
      intros. symmetry. apply (total_last (S m) (fun k => (- t) ^ k / INR (fact k))).
      rewrite total_last, Ropp_plus_distr. apply (is_derive_plus (fun u => total (S m) (fun k => (- u) ^ k / INR (fact k)))); auto.
      rewrite fact_simpl, mult_INR. replace (- ((- u) ^ m / INR (fact m))) with (-1 * ((-1 * u) ^ m / INR (fact m))).
      apply (is_derive_ext (fun u => (-1 * u) ^ S m / (INR (S m) * INR (fact m)))). intros. now replace (-1 * t) with (- t) by ring.
      apply power_over. apply INR_fact_neq_0. replace (-1 * u) with (- u) by ring. ring. }
  replace (- (exp (- u) - total n (fun k => (- u) ^ k / INR (fact k)))) with (- exp (- u) - - total n (fun k => (- u) ^ k / INR (fact k))) by ring.
  apply (is_derive_minus (fun u => exp (- u)) (fun u => total (S n) (fun k => (- u) ^ k / INR (fact k)))); auto.
  auto_derive; auto. ring.
Qed.
Lemma alternating_bound : forall n u, 0 <= u -> 0 <= (-1) ^ n * alternating n u <= u ^ n / INR (fact n).
Proof.
  induction n; intros u U.
  - unfold alternating. cbn [total pow fact]. simpl INR. rewrite Rminus_0_r. pose proof (exp_pos (- u)). split; [lra|].
    assert (exp (- u) <= exp 0) by (apply exp_more; lra). rewrite exp_0 in H0. lra.
  - assert (Z : alternating (S n) 0 = 0).
    { unfold alternating. cbn [total]. rewrite Ropp_0, exp_0. simpl. assert (Q : forall m, total m (fun i => 0 * 0 ^ i / INR (fact i + i * fact i)) = 0).
      { induction m; auto. rewrite total_last, IHm. unfold Rdiv. ring. }
      rewrite Q. field. }
    assert (D : forall x, is_derive (fun x => (-1) ^ S n * alternating (S n) x) x ((-1) ^ n * alternating n x)).
    { intros. replace ((-1) ^ n * alternating n x) with ((-1) ^ S n * (- alternating n x)) by (simpl; ring).
      apply (is_derive_scal (alternating (S n)) x ((-1) ^ S n)). apply alternating_derive. }
    split.
    + pose proof (grows (fun x => (-1) ^ S n * alternating (S n) x) (fun x => (-1) ^ n * alternating n x) 0 u U (fun x _ => D x)) as G.
      cbv beta in G. rewrite Z, Rmult_0_r in G. apply G. intros. apply IHn. lra.
    + assert (G : 0 - 0 <= u ^ S n / INR (fact (S n)) - (-1) ^ S n * alternating (S n) u).
      { assert (P : 0 ^ S n / INR (fact (S n)) - (-1) ^ S n * alternating (S n) 0 = 0 - 0) by (rewrite Z; simpl; unfold Rdiv; ring). rewrite <- P.
        apply (grows (fun x => x ^ S n / INR (fact (S n)) - (-1) ^ S n * alternating (S n) x) (fun x => x ^ n / INR (fact n) - (-1) ^ n * alternating n x)); auto.
        - intros. apply (is_derive_minus (fun x => x ^ S n / INR (fact (S n)))); auto.
          rewrite fact_simpl, mult_INR. apply (is_derive_ext (fun u => (1 * u) ^ S n / (INR (S n) * INR (fact n)))). intros; now rewrite Rmult_1_l.
          replace (x ^ n / INR (fact n)) with (1 * ((1 * x) ^ n / INR (fact n))). apply power_over. apply INR_fact_neq_0. now rewrite !Rmult_1_l.
        - intros x X. pose proof (IHn x ltac:(lra)). lra. }
      lra.
Qed.
Definition gauss_term (x : R) (k : nat) : R := (-1) ^ k * x ^ (2 * k + 1) / INR (fact k).
Lemma gauss_series : forall n x, Rabs (gauss x - total n (fun k => gauss_term x k / INR (2 * k + 1))) <= Rabs (gauss_term x n).
Proof.
  intros n x. set (r := fun x => gauss x - total n (fun k => gauss_term x k / INR (2 * k + 1))).
  assert (D : forall y, is_derive r y (alternating n (y ^ 2))).
  { intros. unfold r, alternating. replace (- y ^ 2) with (- (y ^ 2)) by ring.
    apply (is_derive_minus gauss (fun x => total n (fun k => gauss_term x k / INR (2 * k + 1)))). apply gauss_derive.
    apply (total_derive n (fun k x => gauss_term x k / INR (2 * k + 1)) (fun k => (- y ^ 2) ^ k / INR (fact k))). intros k _. unfold gauss_term.
    pose proof (INR_fact_neq_0 k). assert (INR (2 * k + 1) <> 0) by (apply not_0_INR; lia).
    replace (2 * k + 1)%nat with (S (2 * k)) in * by lia.
    apply (is_derive_ext (fun x => (-1) ^ k * ((1 * x) ^ S (2 * k) / (INR (S (2 * k)) * INR (fact k))))).
    { intros x'. rewrite Rmult_1_l. replace (2 * k + 1)%nat with (S (2 * k)) by lia.
      match goal with |- ?a = ?b => change (@eq R a b) end. field. auto. }
    replace ((- y ^ 2) ^ k / INR (fact k)) with ((-1) ^ k * (1 * ((1 * y) ^ (2 * k) / INR (fact k)))).
    2: { rewrite !Rmult_1_l, pow_mult. replace (- y ^ 2) with (-1 * y ^ 2) by ring. rewrite Rpow_mult_distr. field. auto. }
    apply (is_derive_scal (fun x => (1 * x) ^ S (2 * k) / (INR (S (2 * k)) * INR (fact k)))). now apply power_over. }
  assert (R0 : r 0 = 0).
  { unfold r, gauss. rewrite RInt_point. assert (Q : total n (fun k => gauss_term 0 k / INR (2 * k + 1)) = 0).
    { clear. induction n; auto. rewrite total_last, IHn. unfold gauss_term. rewrite (pow_i (2 * n + 1)) by lia. unfold Rdiv. ring. }
    rewrite Q. unfold zero; simpl. ring. }
  destruct (MVT_gen r 0 x (fun y => alternating n (y ^ 2))) as [c [C E]]; auto.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous r). eexists. apply D.
  - fold (r x). replace (r x) with (r x - r 0) by (rewrite R0; ring). rewrite E, Rminus_0_r, Rabs_mult.
    assert (C2 : c ^ 2 <= x ^ 2).
    { unfold Rmin, Rmax in C. destruct (Rle_dec 0 x); nra. }
    assert (P : 0 <= c ^ 2) by (rewrite <- Rsqr_pow2; apply Rle_0_sqr).
    assert (A : Rabs (alternating n (c ^ 2)) <= (x ^ 2) ^ n / INR (fact n)).
    { pose proof (alternating_bound n (c ^ 2) P) as B. replace (alternating n (c ^ 2)) with ((-1) ^ n * ((-1) ^ n * alternating n (c ^ 2))).
      2: { rewrite <- Rmult_assoc, <- Rpow_mult_distr. replace (-1 * -1) with 1 by ring. rewrite pow1. ring. }
      rewrite Rabs_mult, pow_1_abs, Rmult_1_l, Rabs_pos_eq by lra. apply Rle_trans with (1 := proj2 B).
      apply Rmult_le_compat_r. left. apply Rinv_0_lt_compat. apply INR_fact_lt_0. apply pow_incr. lra. }
    unfold gauss_term, Rdiv. rewrite !Rabs_mult, pow_1_abs, Rmult_1_l.
    rewrite (Rabs_pos_eq (/ INR (fact n))) by (left; apply Rinv_0_lt_compat, INR_fact_lt_0).
    rewrite pow_add, pow_mult, Rabs_mult, pow_1. rewrite (Rabs_pos_eq ((x ^ 2) ^ n)) by (apply pow_le; lra).
    unfold Rdiv in A. replace ((x ^ 2) ^ n * Rabs x * / INR (fact n)) with ((x ^ 2) ^ n * / INR (fact n) * Rabs x) by ring.
    apply Rmult_le_compat_r; auto using Rabs_pos.
Qed.
Fixpoint gauss_sum (p : F.precision) (X2 T : I.type) (k : Z) (n : nat) : I.type :=
  match n with
  | O => I.mul p (I.abs T) (unit_ p)
  | S m => I.add p (over p T (I.fromZ p (2 * k + 1))) (gauss_sum p X2 (I.neg (over p (I.mul p T X2) (I.fromZ p (k + 1)))) (k + 1) m)
  end.
Lemma gauss_sum_correct : forall p X2 x, holds X2 (x ^ 2) -> forall n k T, holds T (gauss_term x k) ->
  holds (gauss_sum p X2 T (Z.of_nat k) n) (gauss x - total k (fun k => gauss_term x k / INR (2 * k + 1))).
Proof.
  intros p X2 x HX. induction n; intros k T HT.
  - cbn [gauss_sum]. apply holds_wide with (Rabs (gauss_term x k)). now apply holds_abs. apply gauss_series.
  - cbn [gauss_sum]. replace (gauss x - total k (fun k => gauss_term x k / INR (2 * k + 1))) with
      (gauss_term x k / IZR (2 * Z.of_nat k + 1) + (gauss x - total (S k) (fun k => gauss_term x k / INR (2 * k + 1)))).
    2: { rewrite total_last. replace (IZR (2 * Z.of_nat k + 1)) with (INR (2 * k + 1)). ring. rewrite INR_IZR_INZ. f_equal. lia. }
    apply holds_add. apply holds_over; auto. apply holds_Z.
    replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia. apply IHn.
    replace (gauss_term x (S k)) with (- (gauss_term x k * x ^ 2 / IZR (Z.of_nat (S k)))).
    apply holds_neg, holds_over; [|apply holds_Z]. now apply holds_mul.
    unfold gauss_term. rewrite <- INR_IZR_INZ, fact_simpl, mult_INR. pose proof (INR_fact_neq_0 k).
    replace (2 * S k + 1)%nat with (2 * k + 1 + 2)%nat by lia. rewrite (pow_add x (2 * k + 1) 2). simpl (_ ^ S k). field. split; auto. apply not_0_INR; lia.
Qed.
Definition root_pi (p : F.precision) : I.type := over p (I.fromZ p 2) (I.sqrt p (I.pi p)).
Lemma holds_root_pi : forall p, holds (root_pi p) (2 / sqrt PI).
Proof. intros. apply holds_over. apply holds_Z. apply holds_sqrt, holds_pi. Qed.
Definition square (p : F.precision) (X : I.type) : I.type := I.sqr p X.
Lemma holds_square : forall p X x, holds X x -> holds (square p X) (x ^ 2).
Proof. intros. rewrite <- Rsqr_pow2. exact (I.sqr_correct p _ _ H). Qed.
Definition bell2 (p : F.precision) (X : I.type) : I.type := I.mul p (root_pi p) (I.exp p (I.neg (square p X))).
Lemma holds_bell2 : forall p X x, holds X x -> holds (bell2 p X) (2 / sqrt PI * exp (- x ^ 2)).
Proof. intros. apply holds_mul. apply holds_root_pi. now apply holds_exp, holds_neg, holds_square. Qed.
(* From the middle of the interval, by the mean value theorem. *)
Definition erf_ (p : F.precision) (n : nat) (X : I.type) : I.type :=
  let M := I.singleton (I.midpoint X) in
  I.add p (I.mul p (root_pi p) (gauss_sum p (square p M) M 0 n)) (I.mul p (bell2 p X) (I.sub p X M)).
Lemma holds_erf : forall p n X x, holds X x -> holds (erf_ p n X) (erf x).
Proof.
  intros p n X x H. unfold erf_. set (m := proj_val (I.convert_bound (I.midpoint X))).
  assert (Hm : holds (I.singleton (I.midpoint X)) m) by exact (I.singleton_correct (I.midpoint X)).
  assert (HX : holds X m).
  { destruct (I.midpoint_correct X) as [E K]. exists x. exact H. unfold holds, m. change I.convert_bound with I.F.toX. rewrite <- E. exact K. }
  destruct (MVT_gen erf m x (fun y => 2 / sqrt PI * exp (- y ^ 2))) as [c [C E]].
  - intros. apply is_derive_erf.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous erf). eexists. apply is_derive_erf.
  - replace (erf x) with (erf m + (erf x - erf m)) by ring. apply holds_add.
    + unfold erf. apply holds_mul. apply holds_root_pi. replace (gauss m) with (gauss m - total 0 (fun k => gauss_term m k / INR (2 * k + 1))) by (simpl; ring).
      apply (gauss_sum_correct p _ m (holds_square p _ _ Hm) n 0). unfold gauss_term. simpl. replace (1 * (m * 1) / 1) with m by field. exact Hm.
    + rewrite E. apply holds_mul; [|now apply holds_sub]. apply holds_bell2. apply (holds_between X (Rmin m x) (Rmax m x)); auto.
      unfold Rmin; destruct Rle_dec; auto. unfold Rmax; destruct Rle_dec; auto.
Qed.
End Erf.
Import Erf.
